#include "holdfast/sqlite/wal_readers.h"

#include <cstring>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {

// Behind the two copies of the header (48 bytes each), in the machine's byte order: nBackfill, aReadMark[5].
Result<WalReaders> parse_wal_readers(ByteView wal_index_head) {
    constexpr std::size_t start = 96, word = 4;
    if (wal_index_head.size() < start + word * (1 + reader_slots)) return fail(ErrorCode::corrupt, "read a wal-index: {} bytes are too few", wal_index_head.size());
    WalReaders readers;
    std::memcpy(&readers.backfilled.value, wal_index_head.data() + start, word);
    std::memcpy(readers.marks.data(), wal_index_head.data() + start + word, word * reader_slots);
    return readers;
}

}  // namespace holdfast::sqlite

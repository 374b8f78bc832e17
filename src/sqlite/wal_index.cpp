#include <cstddef>
#include <cstring>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/wal.h"

namespace holdfast::sqlite {
namespace {

constexpr std::uint32_t known_version = 3007000;

// One copy of the header as it lies in shared memory: native byte order, but for the salts, which are the WAL's bytes.
struct StoredCopy {
    std::uint32_t version;
    std::uint32_t unused;
    std::uint32_t change;
    std::uint8_t is_initialized;
    std::uint8_t big_endian_checksum;
    std::uint16_t page_size;
    std::uint32_t last_frame;
    std::uint32_t database_pages;
    std::uint32_t frame_checksum[2];
    std::byte salts[8];
    std::uint32_t checksum[2];
};
static_assert(sizeof(StoredCopy) == 48 && offsetof(StoredCopy, checksum) == 40);

constexpr std::size_t backfilled_offset = 2 * sizeof(StoredCopy);
constexpr std::size_t bytes_needed = backfilled_offset + 4;
constexpr bool native_is_big = std::endian::native == std::endian::big;

}  // namespace

Result<std::optional<WalIndexHeader>> parse_wal_index_header(ByteView head) {
    if (head.size() < bytes_needed) {
        return fail(ErrorCode::corrupt, "wal-index: {} bytes are too few for its header", head.size());
    }
    if (std::memcmp(head.data(), head.data() + sizeof(StoredCopy), sizeof(StoredCopy)) != 0) {
        return std::optional<WalIndexHeader>();
    }
    StoredCopy stored;
    std::uint32_t backfilled = 0;
    std::memcpy(&stored, head.data(), sizeof stored);
    std::memcpy(&backfilled, head.data() + backfilled_offset, sizeof backfilled);
    const WalChecksum checksum{stored.checksum[0], stored.checksum[1]};
    const auto sum = wal_checksum({}, head.first(offsetof(StoredCopy, checksum)), native_is_big);
    if (stored.is_initialized == 0 || sum != checksum) return std::optional<WalIndexHeader>();
    if (stored.version != known_version) return fail(ErrorCode::too_new, "wal-index: unknown version {}", stored.version);
    WalIndexHeader header{.page_size = {},
                          .last_frame = FrameNumber{stored.last_frame},
                          .database_pages = PageNumber{stored.database_pages},
                          .last_frame_checksum = {stored.frame_checksum[0], stored.frame_checksum[1]},
                          .salts = {},
                          .backfilled = FrameNumber{backfilled}};
    std::memcpy(header.salts.data(), stored.salts, header.salts.size());
    if (stored.page_size != 0 || stored.last_frame != 0) header.page_size = TRY(PageSize::from_stored(stored.page_size));
    return std::optional(header);
}

}  // namespace holdfast::sqlite

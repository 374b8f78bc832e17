// The start of a wal-index. A first byte of 1 makes both copies of the header alike and their checksum right, so that
// what follows the checksum is reached.
#include <algorithm>
#include <bit>
#include <cstring>
#include <span>

#include "holdfast/sqlite/wal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::sqlite;
    if (size == 0) return 0;
    Bytes head = copy_of(std::as_bytes(std::span(data + 1, size - 1)));
    if (data[0] == 1 && head.size() >= 96) {
        const auto sum = wal_checksum({}, ByteView(head).first(40), std::endian::native == std::endian::big);
        std::memcpy(head.data() + 40, &sum.s0, 4);
        std::memcpy(head.data() + 44, &sum.s1, 4);
        std::copy_n(head.begin(), 48, head.begin() + 48);
    }
    const auto header = parse_wal_index_header(head);
    if (!header || !*header) return 0;
    HOLDFAST_ASSERT((*header)->page_size || (*header)->last_frame.value == 0);
    return 0;
}

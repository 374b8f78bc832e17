// The first bytes of something that should be a database.
#include <span>

#include "holdfast/sqlite/database_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::sqlite;
    const ByteView input = std::as_bytes(std::span(data, size));
    const auto header = parse_database_header(input);
    if (!header) {
        HOLDFAST_ASSERT(header.error().code() == ErrorCode::corrupt);
        return 0;
    }
    HOLDFAST_ASSERT(header->page_size.bytes() - header->reserved_bytes >= 480);
    Bytes masked = copy_of(input.first(database_header_size));
    mask_header_of_live_restore(masked);
    HOLDFAST_ASSERT(parse_database_header(masked).ok());
    return 0;
}

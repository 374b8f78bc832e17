// A database whose pages are given owners without SQLite: each page exactly one.
#include <set>
#include <span>

#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/page_owners.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::sqlite;
    const ByteView input = std::as_bytes(std::span(data, size));
    const auto header = parse_database_header(input);
    if (!header) return 0;
    const std::size_t page_bytes = header->page_size.bytes();
    const auto image = memory_image(header->page_size, copy_of(input.first(size / page_bytes * page_bytes)));
    std::vector<PageNumber> wanted;
    for (std::uint32_t page = 1; page <= image->last_page().value; ++page) wanted.push_back(PageNumber{page});
    const auto owners = owners_of(*image, wanted);
    HOLDFAST_ASSERT(owners.ok());
    std::set<std::uint32_t> told;
    for (const auto& owned : *owners) {
        for (const PageNumber page : owned.pages) HOLDFAST_ASSERT(told.insert(page.value).second);
    }
    HOLDFAST_ASSERT(told.size() == wanted.size());
    return 0;
}

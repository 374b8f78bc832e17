// A rollback journal beside a small database.
#include <span>

#include "holdfast/sqlite/rollback_journal.h"
#include "support/bytes_vfs.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::sqlite;
    const tests::BytesFile file(copy_of(std::as_bytes(std::span(data, size)))), database(Bytes(5 * 512));
    const RawFile journal = file.open(RawFileKind::journal), below = database.open();
    auto map = scan_journal(journal, PageSize::from_bytes(512).value());
    if (!map || !*map) return 0;
    HOLDFAST_ASSERT((*map)->super_journal.size() <= 512);
    for (const auto& [page, offset] : (*map)->offset_of_page) {
        HOLDFAST_ASSERT(page != 0 && page <= (*map)->original_pages.value && offset + (*map)->page_size.bytes() <= size);
    }
    const auto image = journal_image(below, journal, std::move(**map));
    if (!image || (*image)->last_page().value == 0) return 0;
    const std::uint32_t last = (*image)->last_page().value, count = std::min(last, 20u);
    Bytes pages(std::size_t{count} * (*image)->page_size().bytes());
    for (const std::uint32_t first : {1u, last - count + 1}) HOLDFAST_ASSERT((*image)->read({PageNumber{first}, count}, pages).ok());
    return 0;
}

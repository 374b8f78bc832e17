// Any bytes, served to SQLite as a database and looked through: answers or ordinary errors.
#include <sqlite3.h>

#include <span>

#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/serve_image.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace holdfast;
    using namespace holdfast::sqlite;
    const ByteView input = std::as_bytes(std::span(data, size));
    const auto header = parse_database_header(input);
    const PageSize page_size = header ? header->page_size : PageSize::from_bytes(512).value();
    const std::size_t whole = size / page_size.bytes() * page_size.bytes();
    const auto image = memory_image(page_size, copy_of(input.first(whole)));
    const auto served = serve_image(*image);
    HOLDFAST_ASSERT(served.ok());
    auto connection = (*served)->connect();
    if (!connection) return 0;
    int looks = 0;  // a hostile schema may ask for endless work
    sqlite3_progress_handler(connection->handle(), 1000, [](void* count) { return ++*static_cast<int*>(count) > 100 ? 1 : 0; },
                             &looks);
    (void)connection->text("SELECT group_concat(name || sql) FROM sqlite_schema");
    (void)schema_hash(*connection);
    (void)check_integrity(*connection, CheckDepth::full);
    HOLDFAST_ASSERT((*served)->last_failure().empty());  // every page of this image can be read
    return 0;
}

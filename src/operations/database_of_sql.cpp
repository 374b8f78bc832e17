#include "holdfast/operations/database_of_sql.h"

#include "holdfast/dump/load_dump.h"

namespace holdfast::operations {

Result<Timestamp> make_database_of_sql(Context& context, bundle::ByteStream& text, const std::string& path, const OutsideRequest& request) {
    auto reader = TRY(dump::DumpReader::open([&](MutableByteView into) { return text.read(into); }, request.unproven ? dump::Proof::waived : dump::Proof::needed));
    auto connection = TRY(sqlite::Connection::open(path, {.mode = sqlite::OpenMode::create, .vfs = context.vfs, .may_write_shadow_tables = true}));
    // Nobody else knows the file, and after a failure it is of no use.
    TRY(connection.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE"));
    static_cast<void>(TRY(dump::load_dump(reader, connection, context.watch)));
    return reader.head().origin.time;
}

}  // namespace holdfast::operations

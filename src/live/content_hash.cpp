#include "holdfast/live/content_hash.h"

#include "holdfast/base/text.h"
#include "holdfast/base/wire.h"
#include "holdfast/sqlite/interruptible.h"

namespace holdfast::live {
namespace {

void add_row(Sha256& hash, const sqlite::Statement& row) {
    ByteWriter bytes;
    for (int column = 0; column < row.column_count(); ++column) {
        const auto type = row.column_type(column);
        bytes.counted_text(std::string(1, static_cast<char>('0' + static_cast<int>(type))));
        switch (type) {
            case sqlite::Statement::ColumnType::null: break;
            case sqlite::Statement::ColumnType::integer: bytes.counted_text(std::to_string(row.column_integer(column))); break;
            case sqlite::Statement::ColumnType::real: bytes.counted_text(format("{:a}", row.column_real(column))); break;
            case sqlite::Statement::ColumnType::text: bytes.counted_text(row.column_text(column)); break;
            case sqlite::Statement::ColumnType::blob: bytes.counted_text(std::string(text_of(row.column_bytes(column)))); break;
        }
    }
    hash.update(bytes.view());
}

Result<void> add_rows(Sha256& hash, sqlite::Connection& connection, const std::string& sql) {
    auto statement = TRY(connection.prepare(sql));
    while (TRY(statement.step())) add_row(hash, statement);
    hash.update(bytes_of(";"));
    return {};
}

// Not those of virtual tables, whose rows lie in their shadow tables.
Result<std::vector<std::string>> tables_with_rows(sqlite::Connection& connection) {
    auto statement = TRY(connection.prepare("SELECT name FROM main.sqlite_schema WHERE type = 'table' AND rootpage <> 0 ORDER BY name"));
    std::vector<std::string> tables;
    while (TRY(statement.step())) tables.push_back(statement.column_text(0));
    return tables;
}

}  // namespace

Result<Hash> content_hash(sqlite::Connection& connection, const Watch& watch) {
    const sqlite::Interruptible interruptible(connection, watch);
    Sha256 hash;
    for (const char* sql : {"PRAGMA main.user_version", "PRAGMA main.application_id", "PRAGMA main.encoding",
                            "SELECT type, name, tbl_name, sql FROM main.sqlite_schema ORDER BY type, name, tbl_name, sql"}) {
        TRY(add_rows(hash, connection, sql));
    }
    // An index could hold all the columns, in another order.
    for (const auto& table : TRY(tables_with_rows(connection))) {
        TRY(watch.go_on());
        hash.update(bytes_of(table));
        TRY(add_rows(hash, connection, format("SELECT * FROM main.{} NOT INDEXED", sqlite::quoted_name(table))));
    }
    return hash.finish();
}

}  // namespace holdfast::live

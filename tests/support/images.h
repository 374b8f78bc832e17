// Images for tests of replacing: databases made by SQLite, taken apart as bytes.
#pragma once

#include <memory>
#include <string>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/image.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::tests {

// The bytes of a database made by these statements, at rest.
inline Bytes database_bytes(const std::string& sql) {
    const TemporaryFolder folder;
    {
        auto connection = must(sqlite::Connection::open(folder / "made.db", {.mode = sqlite::OpenMode::create}));
        must(connection.execute(sql));
    }
    return file_bytes(folder / "made.db");
}

inline std::unique_ptr<sqlite::Image> image_of(const Bytes& database, std::uint32_t page_size = 4096) {
    return sqlite::memory_image(must(sqlite::PageSize::from_bytes(page_size)), database);
}

// `rows` rows in table t, of a kind that tells them from those of other calls.
inline std::string rows_sql(const std::string& kind, int rows) {
    return format("CREATE TABLE t(id INTEGER PRIMARY KEY, kind TEXT, b BLOB); CREATE INDEX k ON t(kind, id);"
                  "INSERT INTO t(kind, b) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{}) "
                  "SELECT '{}', randomblob(200) FROM n;",
                  rows, kind);
}

// The same database after a restore into a live one: equal but for what such a restore may change in its header.
inline Bytes masked(Bytes database, std::uint32_t page_size = 4096) {
    if (!database.empty()) sqlite::mask_header_of_live_restore(MutableByteView(database).first(page_size));
    return database;
}

}  // namespace holdfast::tests

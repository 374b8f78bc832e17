// SimulatedDatabases: databases on a simulated machine, made, read and judged by SQLite itself.
#pragma once

#include <optional>
#include <string>

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/sqlite/connection.h"
#include "support/results.h"
#include "support/simulated_machine.h"
#include "support/simulated_vfs.h"

namespace holdfast::tests {

// Rows that are told from those of another kind, the same in every run.
inline std::string rows_of_kind(const std::string& kind, int rows) {
    return format("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO t(kind, b) "
                  "SELECT '{}', printf('%s %d %0120d', '{}', i, i * i) FROM n;",
                  rows, kind, kind);
}
inline std::string database_sql(const std::string& mode, const std::string& kind, int rows) {
    return format("PRAGMA page_size=1024; PRAGMA journal_mode={}; CREATE TABLE t(id INTEGER PRIMARY KEY, kind TEXT, b TEXT);"
                  "CREATE INDEX k ON t(kind, id); {}",
                  mode, rows_of_kind(kind, rows));
}

class SimulatedDatabases {
public:
    // `seen` is the machine as SQLite sees it.
    explicit SimulatedDatabases(host::Host seen) : host_(seen), vfs_(seen) {}
    const std::string& vfs() const { return vfs_.name(); }

    sqlite::Connection connect(const std::string& path, bool keep_wal = false) const {
        return must(sqlite::Connection::open(path, {.mode = sqlite::OpenMode::create, .vfs = vfs(), .keep_wal = keep_wal}));
    }
    // Closed again, and durable with all that SQLite did to names.
    void run(const std::string& path, const std::string& sql, bool keep_wal = false) const {
        {
            auto connection = connect(path, keep_wal);
            must(connection.execute(sql));
        }
        must(host_.files.sync_folder(host::folder_of(path)));
    }
    // SHA-256 of the rows, once SQLite has found the database whole; else what is wrong, for people.
    std::string content_of(const std::string& path) const {
        auto content = read(path);
        return content ? *content : "<" + content.error().text() + ">";
    }

private:
    Result<std::string> read(const std::string& path) const {
        auto connection = TRY(sqlite::Connection::open(path, {.mode = sqlite::OpenMode::read_write, .vfs = vfs()}));
        const auto verdict = TRY(connection.text("PRAGMA integrity_check"));
        if (verdict != "ok") return fail(ErrorCode::corrupt, "{}", verdict);
        return sha256(bytes_of(TRY(connection.text(
                          "SELECT coalesce(group_concat(id || '|' || kind || '|' || b, char(10)), '') FROM "
                          "(SELECT * FROM t ORDER BY id)")))).hex();
    }

    host::Host host_;
    SimulatedVfs vfs_;
};

// A machine whose files are seen through something else.
inline host::Host seen_through(host::FileSystem& files, host::Host host) {
    return {files, host.clock, host.random, host.log};
}

}  // namespace holdfast::tests

// Workloads: databases of every shape, and random statements that grow, change, shrink and rearrange them.
#pragma once

#include <rapidcheck.h>
#include <sqlite3.h>

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/connection.h"
#include "support/pending_byte.h"
#include "support/results.h"

namespace holdfast::tests {

// How a database is laid out; fixed when it is created.
struct DatabaseShape {
    std::uint32_t page_size = 4096;
    int auto_vacuum = 0;
    const char* encoding = "UTF-8";
    int reserved_bytes = 0;
};
inline void showValue(const DatabaseShape& shape, std::ostream& out) {
    out << shape.page_size << " auto_vacuum " << shape.auto_vacuum << ' ' << shape.encoding << " reserved "
        << shape.reserved_bytes;
}

inline rc::Gen<DatabaseShape> any_shape() {
    return rc::gen::map(
        rc::gen::tuple(rc::gen::element(512u, 1024u, 2048u, 4096u, 8192u, 16384u, 32768u, 65536u), rc::gen::inRange(0, 3),
                       rc::gen::element("UTF-8", "UTF-16le", "UTF-16be"), rc::gen::element(0, 8, 32)),
        [](const auto& parts) {
            const auto& [page_size, auto_vacuum, encoding, reserved] = parts;
            return DatabaseShape{page_size, auto_vacuum, encoding, reserved};
        });
}

// The first statements of a new database of that shape, with the tables the workload needs.
inline void create_database(sqlite::Connection& connection, const DatabaseShape& shape, const std::string& journal_mode) {
    int reserved = shape.reserved_bytes;
    sqlite3_file_control(connection.handle(), "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    must(connection.execute(format("PRAGMA page_size={}; PRAGMA encoding='{}'; PRAGMA auto_vacuum={};"
                                   "PRAGMA secure_delete=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=5; VACUUM;"
                                   "CREATE TABLE t(id INTEGER PRIMARY KEY, s TEXT, b BLOB); CREATE INDEX i ON t(s);"
                                   "PRAGMA journal_mode={};",
                                   shape.page_size, shape.encoding, shape.auto_vacuum, journal_mode)));
}

struct Change {
    int kind = 0;
    int number = 0;
};
inline void showValue(const Change& change, std::ostream& out) { out << change.kind << ':' << change.number; }

// SQL of one or more whole transactions.
inline std::string sql_of(const Change& change) {
    const int n = change.number;
    const std::string insert =
        format("INSERT INTO t(s, b) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<{}) "
               "SELECT hex(randomblob(i%40)), randomblob({}) FROM n;",
               n % 50 + 1, n * 7 % 4000);
    switch (change.kind) {
        case 0: return insert;
        case 1: return format("DELETE FROM t WHERE id % {} = 0;", n % 5 + 1);
        case 2: return format("UPDATE t SET b = randomblob({}) WHERE id % {} = 1;", n * 11 % 9000, n % 7 + 1);
        case 3: return "BEGIN;" + insert + insert + "ROLLBACK;";  // spills, with this little cache
        case 4: return "BEGIN;" + insert + "SAVEPOINT s;" + insert + "ROLLBACK TO s; COMMIT;";
        case 5: return format("CREATE TABLE IF NOT EXISTS extra{0}(x); INSERT INTO extra{0} VALUES (zeroblob({1}));", n % 3, n * 97);
        case 6: return format("DROP TABLE IF EXISTS extra{};", n % 3);
        case 7: return format("PRAGMA incremental_vacuum({});", n % 20);
        // Pages that are allocated and freed in one transaction: the database grows, but nobody writes them.
        case 8: return format("BEGIN; CREATE TABLE g(x); INSERT INTO g VALUES (zeroblob({})); DROP TABLE g; COMMIT;", n * 61);
        case 9: return format("PRAGMA user_version={};", n);
        default: return "VACUUM;";
    }
}

inline rc::Gen<std::vector<Change>> any_changes() {
    const auto change = rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 11), rc::gen::inRange(0, 1000)),
                                     [](const auto& parts) { return Change{parts.first, parts.second}; });
    return rc::gen::resize(30, rc::gen::container<std::vector<Change>>(change));
}

}  // namespace holdfast::tests

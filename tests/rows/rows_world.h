// Two databases as a partial restore has them: the backup, read only, and the database now.
#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <map>
#include <string>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/rows/bring_rows.h"
#include "support/results.h"

namespace holdfast::rows {

using tests::FailsWith;
using tests::must;
using tests::Succeeds;

class RowsWorld : public ::testing::Test {
protected:
    static sqlite::Connection in_memory(const std::string& sql = "") {
        auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true}));
        must(connection.execute(sql));
        return connection;
    }
    // Both begin so; then only the database changes.
    void both(const std::string& sql) {
        must(backup.execute(sql));
        must(now.execute(sql));
    }
    // As LiveWriter's callers do: what fails is rolled back, so that nothing can be said of it here; what was learned by
    // it is tried.
    Result<Brought> try_to_bring(const RowsWanted& wanted, const BringOrder& order = {}) {
        auto brought = attempt(wanted, order);
        while (!brought && state.has_learned) brought = attempt(wanted, order);
        return brought;
    }
    Result<Brought> attempt(const RowsWanted& wanted, const BringOrder& order) {
        must(now.execute("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE"));
        auto brought = [&]() -> Result<Brought> {
            const auto schema = TRY(read_schema(backup));
            const auto chosen = TRY(ChosenRows::choose(backup, schema, wanted, {}));
            return bring_rows(chosen, now, order, state, {});
        }();
        if (brought) must(now.execute("COMMIT"));
        else if (now.is_in_transaction()) must(now.execute("ROLLBACK"));  // SQLite has done it after some failures
        return brought;
    }
    Brought bring(const RowsWanted& wanted, const BringOrder& order = {}) { return must(try_to_bring(wanted, order)); }

    static BroughtTable of(const Brought& brought, const std::string& table) {
        for (const auto& one : brought.tables) {
            if (one.table == table) return one;
        }
        return {};
    }
    static std::string all(sqlite::Connection& connection, const std::string& query) {
        auto rows = must(connection.prepare(query));
        std::string text;
        while (must(rows.step())) {
            if (!text.empty()) text += ' ';
            for (int i = 0; i < rows.column_count(); ++i) text += (i == 0 ? "" : "|") + (rows.column_is_null(i) ? std::string("NULL") : rows.column_text(i));
        }
        return text;
    }
    std::string all(const std::string& query) { return all(now, query); }

    // The cells of its first leaf are not where they were. It must have more than one.
    void damage(const std::string& table) {
        const auto root = static_cast<std::size_t>(must(now.integer(format("SELECT rootpage FROM sqlite_schema WHERE name = '{}'", table))));
        const auto page_size = static_cast<std::size_t>(must(now.integer("PRAGMA page_size")));
        sqlite3_int64 size = 0;
        unsigned char* bytes = sqlite3_serialize(now.handle(), "main", &size, 0);
        const auto number = [&](std::size_t at) { return static_cast<std::size_t>(bytes[at]) << 8U | bytes[at + 1]; };
        const std::size_t inner = (root - 1) * page_size, cell = inner + number(inner + 12);
        ASSERT_EQ(bytes[inner], 5) << "an inner page of a table";
        const std::size_t leaf = ((number(cell) << 16U | number(cell + 2)) - 1) * page_size;
        for (std::size_t i = 0; i < number(leaf + 3); ++i) bytes[leaf + 8 + 2 * i] = 0, bytes[leaf + 9 + 2 * i] = 9;
        ASSERT_EQ(sqlite3_deserialize(now.handle(), "main", bytes, size, size, SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE), SQLITE_OK);
    }
    // What SQLite keeps others from: the schema, and what virtual tables hold.
    void force(const std::string& sql) {
        sqlite3_db_config(now.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);
        must(now.execute("PRAGMA writable_schema = ON; " + sql + "; PRAGMA writable_schema = RESET"));
        sqlite3_db_config(now.handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    }
    static std::string many(const std::string& table, const std::string& values, int count) {
        return format("WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {}) INSERT INTO {} SELECT {} FROM n;", count, table, values);
    }

    sqlite::Connection backup = in_memory();
    sqlite::Connection now = in_memory();
    BringState state;
};

}  // namespace holdfast::rows

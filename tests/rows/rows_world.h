// Two databases as a partial restore has them: the backup, read only, and the database now.
#pragma once

#include <gtest/gtest.h>

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
    Result<Brought> try_to_bring(const RowsWanted& wanted, const BringOrder& order = {}) {
        must(now.execute("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE"));
        auto brought = [&]() -> Result<Brought> {
            const auto schema = TRY(read_schema(backup));
            const auto chosen = TRY(ChosenRows::choose(backup, schema, wanted, {}));
            return bring_rows(chosen, now, order, state, {});
        }();
        must(now.execute(brought ? "COMMIT" : "ROLLBACK"));
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

    sqlite::Connection backup = in_memory();
    sqlite::Connection now = in_memory();
    BringState state;
};

}  // namespace holdfast::rows

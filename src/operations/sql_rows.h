// Rows of SQL as reports hold them: typed in JSON, and readable on a terminal.
#pragma once

#include "holdfast/base/sql_value.h"
#include "holdfast/operations/describe.h"

namespace holdfast::operations {

struct Cell {
    SqlValue value;
};
// null, a number, a text; a blob is {"hex": "…"}, a text that is no UTF-8 {"text_hex": "…"}.
Json json_of(const Cell& cell);
// For people: NULL, numbers as SQLite writes them, a blob as x'…'.
std::string text_of_cell(const Cell& cell);

struct SqlStatement {
    std::uint64_t number = 0, line = 0, row_count = 0, rows_left_out = 0;
    std::string sql, kind;
    bool after_commit = false, untried = false;
    std::vector<std::string> columns;
    std::vector<std::vector<Cell>> rows;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "Its place in the script, from 1.");
        visit("line", line, "The line it begins on.");
        visit("sql", sql, "Its beginning.");
        visit("kind", kind, "reads, temporary, sets, writes rows, writes schema, stands alone.");
        visit("after_commit", after_commit, "It ran behind the commit, by itself.");
        visit("untried", untried, "In a dry run: it cannot be taken back, so it was not tried.");
        visit("columns", columns, "Names of the columns of its rows.");
        visit("row_count", row_count, "How many rows it gave.");
        visit("rows_left_out", rows_left_out, "How many of them are not shown here.");
        visit("rows", rows, "Rows: numbers, texts, null; a blob is {\"hex\": …}.");
    }
};
struct ChangedTable {
    std::string table;
    std::uint64_t inserted = 0, updated = 0, deleted = 0;
    bool internal = false;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("table", table, "The table.");
        visit("inserted", inserted, "Rows inserted, by triggers too.");
        visit("updated", updated, "Rows updated, by triggers and foreign keys too.");
        visit("deleted", deleted, "Rows deleted, by cascades and triggers too.");
        visit("internal", internal, "It is where a virtual table keeps what it holds.");
    }
};
struct ChangedObject {
    std::string what, type, name, new_name;
    std::uint64_t rows = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("what", what, "created, changed, renamed or dropped.");
        visit("type", type, "table, index, view or trigger.");
        visit("name", name, "Its name; of a renamed one, the old one.");
        visit("new_name", new_name, "The new name of a renamed one.");
        visit("rows", rows, "Rows that a dropped table had.");
    }
};
struct ChangedProperty {
    std::string name, before, after;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("name", name, "user_version, application_id, journal_mode, encoding, page_size, auto_vacuum; page_count, where it became less.");
        visit("before", before, "What it was.");
        visit("after", after, "What it is.");
    }
};

}  // namespace holdfast::operations

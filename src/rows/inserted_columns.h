// What INSERT has to name for a table's rows to become as they are stored.
#pragma once

#include <string>
#include <vector>

#include "holdfast/rows/schema.h"

namespace holdfast::rows {

// A virtual table's rows whose fields lie in a table of its own have the rowid among the fields.
struct InsertedColumns {
    std::string rowid;                 // the name of a rowid that no column shows; empty: it is not named
    std::vector<std::string> columns;  // for the fields, in their order
};
// Of rows that lie in the table itself, or in `rows` (where_rows_lie()); null: SQLite alone can read them.
// `unavailable`: a virtual table keeps its rows in a way that tells nobody what to write into it.
Result<InsertedColumns> inserted_columns(const Table& table, const Table* rows);

// "rowid" of a table that has one, whatever its columns are called; empty: rows are told by their key.
std::string rowid_of(const Table& table);

}  // namespace holdfast::rows

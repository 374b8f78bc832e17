// LargeColumns: of which columns of a table large values need not be held whole when its rows are brought back.
#pragma once

#include <set>
#include <string>

#include "holdfast/rows/names.h"
#include "holdfast/rows/schema.h"

namespace holdfast::rows {

using ColumnNames = std::set<std::string, NameOrder>;

struct LargeColumns {
    ColumnNames left_in_place;  // read in pieces; no other row is looked for by their values
    ColumnNames filled_later;   // some of these: SQLite computes nothing from a value when its row is written
};

struct SameTable {
    const Table& then;  // in the backup
    const Table& now;   // in the destination
};
// `now` is of the schema, in main, with the copies of its triggers in the temporary schema.
Result<LargeColumns> large_columns_of(sqlite::Connection& destination, const Schema& schema, const SameTable& table);

}  // namespace holdfast::rows

// Virtual tables in a comparison: where their rows lie, and R-Trees, whose rows only SQLite can read. For this room only.
#pragma once

#include "holdfast/rows/compare.h"
#include "holdfast/rows/side.h"

namespace holdfast::rows {

// The table itself; of full-text search with content of its own the table that holds it; null: it has no rows that lie as
// a table's do.
const Table* where_rows_lie(const Table& table, const Schema& schema);
// Names for the fields of those rows, as the table itself calls them.
std::vector<std::string> shown_columns(const Table& table, const Table* rows);

struct VirtualRequest {
    ChangeSink* sink = nullptr;
    const Watch& watch;
    const sqlite::PageSet* differing = nullptr;  // null: not known
};
// Of tables whose rows do not lie as a table's do: R-Trees row by row, where a page of theirs differs. Others hold nothing
// of their own: an index over another table, or a view of something.
Result<void> compare_virtual(Side& before, Side& after, ComparedTable& table, const VirtualRequest& request, TableDifference& found);

}  // namespace holdfast::rows

// Rows of one table in two databases, compared in the order in which they are stored. For this room only.
#pragma once

#include <utility>
#include <vector>

#include "holdfast/rows/compare.h"
#include "holdfast/rows/row_layout.h"
#include "holdfast/sqlite/tree_versions.h"

namespace holdfast::rows {

// Where one version of a table lies. Null, or no root: it is not there.
struct StoredTable {
    const sqlite::TreeReader* trees = nullptr;
    const RowLayout* layout = nullptr;
    sqlite::PageNumber root;
};
// References; whoever compares owns what they refer to.
struct RowVersions {
    const ComparedTable& table;
    StoredTable before, after;
    sqlite::ChangedSpots spots;                                   // where rows may differ
    std::vector<std::pair<std::size_t, std::size_t>> common;      // fields of both, by their columns' names
    bool is_same_record = false;                                  // equal records mean equal rows
};

// Counts the rows that differ into `found`, and hands them to the sink, when there is one.
Result<void> compare_rows(RowVersions versions, ChangeSink* sink, const Watch& watch, TableDifference& found);

}  // namespace holdfast::rows

// Rows of one table in two databases, compared in the order in which they are stored. For this room only.
#pragma once

#include <functional>
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
    std::vector<std::pair<std::size_t, std::size_t>> common;      // fields of both, by their columns' names
    bool is_same_record = false;                                  // equal records mean equal rows
};

// Asked between rows: an Error ends the comparison of the table.
using GoOn = std::function<Result<void>()>;

// Counts the rows that differ into `found`, and hands them to the sink, when there is one.
// Rows are looked for at `spots`: where they may differ.
Result<void> compare_rows(const RowVersions& versions, sqlite::ChangedSpots spots, ChangeSink* sink, const GoOn& go_on, TableDifference& found);

}  // namespace holdfast::rows

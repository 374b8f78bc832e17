// Rows that changed in their overflow pages alone: SQLite writes those in place when a value keeps its size, and the page that
// the row begins on stays as it is.
#pragma once

#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/sqlite/differing_pages.h"
#include "holdfast/sqlite/tree_versions.h"

namespace holdfast::sqlite {

struct TreeToSearch {
    TreeRoots roots;
    enum class Kind { of_rows, index } kind = Kind::of_rows;  // an index is never written so; its pages only explain themselves
};
// Pages of the trees of rows on which rows begin that go on in pages which changed so, added to `differing`, so that
// changed_spots() finds them. Reads nothing where no page can have changed so; the changed rows where that tells all; else
// those that seem not to have.
// The versions are compared by differing.all.
Result<void> add_pages_of_changed_overflow(const TreeVersions& versions, const std::vector<TreeToSearch>& trees, DifferingPages& differing, const Watch& watch);

}  // namespace holdfast::sqlite

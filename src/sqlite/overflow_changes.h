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
    // An index is never written so; its pages only explain themselves. Explained: what its changed rows own is not in
    // maybe_overflow any more.
    enum class Kind { of_rows, of_rows_explained, index } kind = Kind::of_rows;
};
// Pages of the trees of rows on which rows begin that go on in pages which changed so: added to differing.all, so that
// changed_spots() finds them, and given back. Reads nothing where no page can have changed so; the changed rows where that
// tells all; else those that seem not to have.
// The versions are compared by differing.all.
Result<std::vector<PageNumber>> add_pages_of_changed_overflow(const TreeVersions& versions, const std::vector<TreeToSearch>& trees, DifferingPages& differing, const Watch& watch);

}  // namespace holdfast::sqlite

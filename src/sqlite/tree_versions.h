// Two versions of a b-tree: where the entries lie that may differ between them, and a cursor over those.
#pragma once

#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/sqlite/tree_reader.h"

namespace holdfast::sqlite {

struct TreeVersions {
    const TreeReader& before;
    const TreeReader& after;
    const PageSet* differing = nullptr;  // pages in which the images differ; null: they cannot be compared page by page
};
struct TreeRoots {
    PageNumber before, after;            // none: the tree is not there
};
struct ChangedSpots {
    std::vector<TreeSpot> before, after;  // in the order of keys
    // Those of both that lie in pages which do not differ; their entries may go on in overflow pages that do.
    std::vector<TreeSpot> shared;
};
// Entries outside these places are in both trees and have the same bytes, but for their overflow pages. Reads inner pages,
// and no leaf.
Result<ChangedSpots> changed_spots(const TreeVersions& versions, TreeRoots roots);

// Entries at these places, in their order. The reader must outlive it and what it gives out.
class TreeCursor {
public:
    TreeCursor(const TreeReader& reader, std::vector<TreeSpot> spots) : reader_(&reader), spots_(std::move(spots)) {}
    Result<bool> next();  // to the first, then to the next one; false: there is none
    const BtreeCell& cell() const { return cell_; }
    bool is_of_table() const { return page_->page.is_table(); }
    PageNumber page() const { return spots_[at_ - 1].page; }
    StoredPayload payload() const { return {*reader_, page_->bytes, cell_}; }

private:
    Result<void> take(std::size_t index);

    const TreeReader* reader_;
    std::vector<TreeSpot> spots_;
    std::size_t at_ = 0;      // of the next spot
    std::optional<TreePage> page_;
    std::size_t index_ = 0, end_ = 0;  // the next cell of this page, and the one behind the last
    BtreeCell cell_;
};

}  // namespace holdfast::sqlite

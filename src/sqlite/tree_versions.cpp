#include "holdfast/sqlite/tree_versions.h"

#include <algorithm>
#include <iterator>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

// Which pages of one tree hold entries.
struct Holders {
    PageSet leaves, inner;
};
Holders holders_of(const std::vector<TreeSpot>& spots, PageNumber last) {
    Holders holders{.leaves = PageSet(last), .inner = PageSet(last)};
    for (const auto& spot : spots) (spot.cell < 0 ? holders.leaves : holders.inner).insert(spot.page);
    return holders;
}

bool is_in_both(const TreeSpot& spot, const Holders& one, const Holders& other) {
    return spot.cell < 0 ? one.leaves.contains(spot.page) && other.leaves.contains(spot.page) : one.inner.contains(spot.page) && other.inner.contains(spot.page);
}

}  // namespace

Result<ChangedSpots> changed_spots(const TreeVersions& versions, TreeRoots roots) {
    ChangedSpots changed;
    if (roots.before.value != 0) changed.before = TRY(versions.before.spots(roots.before));
    if (roots.after.value != 0) changed.after = TRY(versions.after.spots(roots.after));
    const PageNumber last = std::max(versions.before.image().last_page(), versions.after.image().last_page());
    if (versions.differing == nullptr) return changed;
    const auto before = holders_of(changed.before, last), after = holders_of(changed.after, last);
    // The same bytes reached from both roots: the same entries, wherever in the trees they stand.
    const auto is_same = [&](const TreeSpot& spot) { return !versions.differing->contains(spot.page) && is_in_both(spot, before, after); };
    std::ranges::copy_if(changed.before, std::back_inserter(changed.shared), is_same);
    std::erase_if(changed.before, is_same);
    std::erase_if(changed.after, is_same);
    return changed;
}

Result<void> TreeCursor::take(std::size_t index) {
    const auto cell = page_->page.cell(index);
    const PageNumber page = spots_[at_ - 1].page;
    if (!cell) return fail(ErrorCode::corrupt, "page {}: its cell {} is damaged", page.value, index);
    if (cell->payload_size > reader_->image().size()) return fail(ErrorCode::corrupt, "page {}: its cell {} is of {} bytes", page.value, index, cell->payload_size);
    cell_ = *cell;
    return {};
}

Result<bool> TreeCursor::next() {
    while (index_ == end_) {
        if (at_ == spots_.size()) return false;
        const TreeSpot spot = spots_[at_++];
        page_ = TRY(reader_->tree_page(spot.page));
        const std::size_t count = page_->page.cell_count();
        if (spot.cell >= 0 && static_cast<std::size_t>(spot.cell) >= count) return fail(ErrorCode::corrupt, "page {}: it has {} cells", spot.page.value, count);
        if (spot.cell < 0 && !page_->page.is_leaf()) return fail(ErrorCode::corrupt, "page {}: it is no leaf", spot.page.value);
        index_ = spot.cell < 0 ? 0 : static_cast<std::size_t>(spot.cell);
        end_ = spot.cell < 0 ? count : index_ + 1;
    }
    TRY(take(index_++));
    return true;
}

}  // namespace holdfast::sqlite

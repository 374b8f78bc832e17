#include "holdfast/sqlite/page_foresight.h"

#include <algorithm>

#include "holdfast/sqlite/btree_page.h"

namespace holdfast::sqlite {

namespace {

constexpr std::size_t in_order_enough = 2;   // fewer are chance
constexpr std::size_t skipped_max = 8;       // children that the reader has in a cache of its own
constexpr std::size_t in_file_enough = 4;
constexpr std::uint64_t runs_in_file_order = 4;

bool may_be_inner(const PageForesight::Seen& seen) {
    constexpr std::size_t first_page_header = 100;
    const std::size_t at = seen.page.value == 1 ? first_page_header : 0;
    if (seen.bytes.size() <= at) return false;
    const auto kind = std::to_integer<unsigned>(seen.bytes[at]);
    return kind == 2 || kind == 5;
}

}  // namespace

std::vector<std::uint64_t> PageForesight::saw(const Seen& seen) {
    std::vector<std::uint64_t> runs;
    Walk* walk = step(seen.page);
    if (may_be_inner(seen)) {
        // Its siblings are far ahead, behind all of its children: the next one is enough.
        if (walk) walk->runs_max = 1;
        begin(seen, walk);
    }
    if (walk) tell(*walk, runs);
    else tell_in_file_order(seen.page, runs);
    last_ = seen.page;
    return runs;
}

// The walk that the page belongs to, gone on to it.
PageForesight::Walk* PageForesight::step(PageNumber page) {
    for (std::size_t i = 0; i < walks_max; ++i) {
        Walk& walk = walks_[(newest_ + walks_max - i) % walks_max];
        const auto from = walk.children.begin() + static_cast<std::ptrdiff_t>(walk.at);
        const auto to = from + static_cast<std::ptrdiff_t>(std::min(skipped_max, walk.children.size() - walk.at));
        const auto found = std::find(from, to, page);
        if (found == to) continue;
        walk.at = static_cast<std::size_t>(found - walk.children.begin()) + 1;
        ++walk.in_order;
        return &walk;
    }
    Walk& walk = walks_[newest_];
    const auto found = std::ranges::find(walk.children, page);
    if (found == walk.children.end()) return nullptr;
    walk.at = static_cast<std::size_t>(found - walk.children.begin()) + 1;
    walk.in_order = 0;
    walk.told = walk.at;
    walk.ahead.clear();
    return &walk;
}

// An inner page to which a scan has come is scanned as well.
void PageForesight::begin(const Seen& seen, const Walk* parent) {
    const auto page = BtreePage::parse(seen.bytes.first(std::min<std::size_t>(seen.bytes.size(), seen.usable_size)), seen.page, seen.usable_size);
    if (!page || page->is_leaf()) return;
    const bool is_scan = parent && parent->in_order >= in_order_enough;
    newest_ = (newest_ + 1) % walks_max;
    if (parent == &walks_[newest_]) newest_ = (newest_ + 1) % walks_max;  // not in its parent's place
    walks_[newest_] = {.children = page->children(), .in_order = is_scan ? in_order_enough : 0, .runs_max = limits_.runs_max, .ahead = {}};
}

void PageForesight::tell(Walk& walk, std::vector<std::uint64_t>& runs) const {
    while (!walk.ahead.empty() && walk.ahead.front().child < walk.at) walk.ahead.pop_front();
    walk.told = std::max(walk.told, walk.at);
    if (walk.in_order < in_order_enough) return;
    const std::size_t room = std::min(walk.runs_max, walk.in_order * 2);
    if (walk.ahead.size() > room / 2) return;  // several at once are fewer errands
    for (; walk.told < walk.children.size() && walk.ahead.size() < room; ++walk.told) {
        const std::uint64_t run = run_of(walk.children[walk.told]);
        const auto is_it = [&](const Walk::Told& told) { return told.run == run; };
        if (std::ranges::any_of(walk.ahead, is_it)) continue;
        walk.ahead.push_back({.child = walk.told, .run = run});
        runs.push_back(run);
    }
}

// Overflow pages of large rows, and full-text indexes, lie behind one another as they were written.
void PageForesight::tell_in_file_order(PageNumber page, std::vector<std::uint64_t>& runs) {
    in_file_order_ = page.value == last_.value + 1 ? in_file_order_ + 1 : 0;
    if (in_file_order_ < in_file_enough) return;
    const std::uint64_t here = run_of(page);
    const bool goes_on = told_in_file_order_ >= here && told_in_file_order_ <= here + runs_in_file_order;
    for (std::uint64_t run = goes_on ? told_in_file_order_ + 1 : here + 1; run <= here + runs_in_file_order; ++run) runs.push_back(run);
    told_in_file_order_ = here + runs_in_file_order;
}

}  // namespace holdfast::sqlite

#include "holdfast/rows/count_by_page.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::rows {

// What one range of pages told, by table.
struct CountByPage::FoundOnPages final : Seen {
    struct OfTable {
        Place place = 0;
        LeafRows rows;
        bool is_damaged = false;
    };
    std::vector<OfTable> tables;
    std::vector<sqlite::OverflowLinks::Link> links;

    OfTable& of(Place place) {
        const auto known = std::ranges::find(tables, place, &OfTable::place);
        return known != tables.end() ? *known : tables.emplace_back(OfTable{.place = place, .rows = {}});
    }
};

CountByPage::CountByPage(const sqlite::TreeReader& before, const sqlite::TreeReader& after)
    : before_(before), after_(after), owners_(std::size_t{std::max(before.image().last_page(), after.image().last_page()).value} + 1) {}

void CountByPage::add(const RowVersions& versions) {
    const auto is_by_rowid = [](const StoredTable& table) { return table.layout == nullptr || table.layout->stored_key().empty(); };
    const bool is_of_both = versions.before.layout && versions.after.layout;
    if (!is_by_rowid(versions.before) || !is_by_rowid(versions.after) || (is_of_both && versions.table.identity == Identity::content)) return;
    tables_.push_back({.table = CountedTable(versions)});
}

Result<void> CountByPage::own(Place Owners::* version, const StoredTable& table, Place place) {
    if (table.layout == nullptr) return {};
    TRY(table.layout->know_defaults());
    for (const auto& spot : TRY(table.trees->spots(table.root))) {
        Place& owner = owners_[spot.page.value].*version;
        if (owner != 0) return fail(ErrorCode::corrupt, "page {}: two tables have it", spot.page.value);
        owner = place;
    }
    return {};
}

// A leaf of both that nobody doubts is the same, and so are its rows, where equal records are equal rows.
void CountByPage::begin() {
    for (Place place = 1; place <= tables_.size(); ++place) {
        const auto& versions = at(place).table.match().versions();
        auto done = own(&Owners::before, versions.before, place);
        if (done) done = own(&Owners::after, versions.after, place);
        at(place).is_left = !done;
    }
    wanted_ = sqlite::PageSet(sqlite::PageNumber{static_cast<std::uint32_t>(owners_.size() - 1)});
    for (std::uint32_t page = 1; page < owners_.size(); ++page) {
        const Owners& owners = owners_[page];
        const bool is_told_by_bytes = owners.are_same() && (owners.before == 0 || has_same_records(owners.before));
        if (!is_told_by_bytes) wanted_.insert({page});
    }
}

std::unique_ptr<sqlite::PagesVisitor::Seen> CountByPage::look(const sqlite::PagesOfBoth& pages) const {
    auto found = std::make_unique<FoundOnPages>();
    for (std::uint32_t i = 0; i < pages.range.count; ++i) {
        const sqlite::PageNumber page{pages.range.first.value + i};
        const Owners& owners = owners_[page.value];
        const ByteView before = pages.page_of(pages.one, i), after = pages.page_of(pages.other, i);
        if (owners.before == 0 && owners.after == 0) {
            if (const auto link = sqlite::OverflowLinks::link_of(page, before, after)) found->links.push_back(*link);
        } else if (!owners.are_same()) {
            look_at({.before = owners.before}, {.page = page, .before = before, .after = {}}, *found);
            look_at({.after = owners.after}, {.page = page, .before = {}, .after = after}, *found);
        } else if (pages.differs[i] || !has_same_records(owners.before)) {
            look_at(owners, {.page = page, .before = before, .after = after}, *found);
        }
    }
    return found;
}

void CountByPage::look_at(const Owners& owners, const LeafOfBoth& leaf, FoundOnPages& found) const {
    const Place place = std::max(owners.before, owners.after);
    if (place == 0) return;
    auto& of_table = found.of(place);
    if (!look_at_leaf(at(place).table.match(), leaf, of_table.rows)) of_table.is_damaged = true;
}

void CountByPage::take(Seen& seen) {
    auto& found = static_cast<FoundOnPages&>(seen);
    for (const auto& link : found.links) links_.add(link);
    for (auto& of_table : found.tables) {
        Counted& counted = at(of_table.place);
        if (counted.is_left) continue;
        counted.is_left = of_table.is_damaged || !counted.table.add(of_table.rows);
        if (counted.is_left) counted.table.forget();
    }
}

bool CountByPage::is_counted(sqlite::TreeRoots roots) const {
    return std::ranges::any_of(tables_, [&](const Counted& counted) {
        const auto& versions = counted.table.match().versions();
        return !counted.is_left && versions.before.root == roots.before && versions.after.root == roots.after;
    });
}

void CountByPage::explain(sqlite::DifferingPages& differing) const {
    auto& unexplained = differing.maybe_overflow;
    const auto visit = [&](sqlite::PageNumber page) {
        unexplained.remove(page);
        return !unexplained.is_empty();
    };
    const auto follow = [&](const CountedTable& table, Which which) {
        for (const auto& chain : table.chains(which)) {
            if (unexplained.is_empty()) return;
            static_cast<void>(links_.follow(chain, which == Which::before ? before_ : after_, which, visit));  // a row that is damaged says so when it is compared
        }
    };
    for (const auto& counted : tables_) {
        if (counted.is_left) continue;
        follow(counted.table, Which::before);
        follow(counted.table, Which::after);
    }
}

void CountByPage::finish(const sqlite::DifferingPages& differing, const std::vector<sqlite::PageNumber>& leaves, const GoOn& go_on) {
    for (const auto page : leaves) {
        const Owners& owners = owners_[page.value];
        if (!owners.are_same() || owners.before == 0 || at(owners.before).is_left || !has_same_records(owners.before)) continue;  // its rows were looked at
        Counted& counted = at(owners.before);
        counted.is_left = !counted.table.add_long_rows_of(page);
    }
    for (auto& counted : tables_) {
        if (!counted.is_left) counted.is_left = !go_on() || !counted.table.finish({.differing = differing.all, .links = links_}, go_on);
        counted.table.forget();
    }
}

const TableDifference* CountByPage::counts_of(const RowVersions& versions) const {
    const auto found = std::ranges::find_if(tables_, [&](const Counted& counted) { return &counted.table.match().versions() == &versions && !counted.is_left; });
    return found == tables_.end() ? nullptr : &found->table.counts();
}

}  // namespace holdfast::rows

#include "holdfast/rows/counted_table.h"

#include <algorithm>
#include <iterator>

#include "holdfast/base/text.h"

namespace holdfast::rows {
namespace {

constexpr std::size_t waiting_max = 400'000;  // rows of either version: 26 MB
constexpr std::uint64_t rows_between_looks = 4096;

template <typename Item>
void append(std::vector<Item>& to, std::vector<Item>& from) {
    to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// A cell of a leaf, with the page that it views.
struct FoundRow {
    sqlite::TreePage page;
    sqlite::BtreeCell cell;
};
Result<FoundRow> cell_at(const StoredTable& table, const RowPlace& place) {
    auto page = TRY(table.trees->tree_page(place.page));
    const auto cell = page.page.cell(place.cell);
    if (!cell) return fail(ErrorCode::corrupt, "page {}: its cell {} is damaged", place.page.value, place.cell);
    return FoundRow{.page = std::move(page), .cell = *cell};
}
sqlite::StoredPayload payload_of(const StoredTable& table, const FoundRow& found) { return {*table.trees, found.page.bytes, found.cell}; }

}  // namespace

bool CountedTable::add(LeafRows& rows) {
    rows_.added += rows.added;
    rows_.removed += rows.removed;
    rows_.changed += rows.changed;
    append(rows_.only_before, rows.only_before);
    append(rows_.only_after, rows.only_after);
    append(rows_.long_rows, rows.long_rows);
    append(rows_.other_keys, rows.other_keys);
    append(rows_.chains_before, rows.chains_before);
    append(rows_.chains_after, rows.chains_after);
    return std::max({rows_.only_before.size(), rows_.only_after.size(), rows_.long_rows.size(), rows_.other_keys.size()}) <= waiting_max;
}

Result<void> CountedTable::add_long_rows_of(sqlite::PageNumber leaf) {
    const auto page = TRY(match_.side(Which::before).trees->tree_page(leaf));
    for (std::size_t i = 0; i < page.page.cell_count(); ++i) {
        const RowPlace place{.page = leaf, .cell = static_cast<std::uint16_t>(i)};
        const auto found = TRY(cell_at(match_.side(Which::before), place));
        if (found.cell.overflow.value != 0) rows_.long_rows.push_back({.row_id = found.cell.row_id, .before = place, .after = place});
    }
    return {};
}

Result<void> CountedTable::finish(const PagesRead& pages, const GoOn& go_on) {
    counts_.added = rows_.added;
    counts_.removed = rows_.removed;
    counts_.changed = rows_.changed;
    for (const auto& row : rows_.other_keys) take_other_key(row);
    TRY(pair_lone(go_on));
    std::ranges::sort(rows_.long_rows, {}, [](const LongRow& row) { return row.before.page; });
    for (const auto& row : rows_.long_rows) {
        TRY(go_on());
        TRY(compare_long(row, pages));
    }
    rows_ = {};
    return unpaired_.run(match_, PairByKey::Rows::left_out, [this](const RowChange& change) { counts_.count(change.change); return Result<void>(); }, go_on);
}

void CountedTable::take_other_key(const LeafRows::OtherKey& row) {
    unpaired_.add(Which::before, row.row_id, row.key_hash_before);
    unpaired_.add(Which::after, row.row_id, row.key_hash_after);
}

Result<void> CountedTable::compare_long(const LongRow& row, const PagesRead& pages) {
    const StoredTable &before = match_.side(Which::before), &after = match_.side(Which::after);
    if (row.is_same_cell) {
        bool is_touched = false;
        const auto look = [&](sqlite::PageNumber page) { return !(is_touched = pages.differing.contains(page)); };
        TRY(pages.links.follow(row.overflow, *before.trees, Which::before, look));
        if (!is_touched) return {};
    }
    const auto mine = TRY(cell_at(before, row.before)), theirs = TRY(cell_at(after, row.after));
    const auto my_payload = payload_of(before, mine), their_payload = payload_of(after, theirs);
    if (match_.versions().is_same_record && TRY(is_same_payload(my_payload, their_payload))) return {};
    const Row my_row = TRY(before.layout->read(my_payload, row.row_id)), their_row = TRY(after.layout->read(their_payload, row.row_id));
    if (match_.is_by_key() && !match_.has_same_key(my_row, their_row, Nulls::are_equal)) {
        take_other_key({.row_id = row.row_id, .key_hash_before = match_.key_hash(my_row, Which::before), .key_hash_after = match_.key_hash(their_row, Which::after)});
    } else if (!TRY(match_.is_same_row(my_row, their_row))) {
        ++counts_.changed;
    }
    return {};
}

// Rows that stand on different leaves: by their rowids.
Result<void> CountedTable::pair_lone(const GoOn& go_on) {
    auto &before = rows_.only_before, &after = rows_.only_after;
    std::ranges::sort(before, {}, &LoneRow::row_id);
    std::ranges::sort(after, {}, &LoneRow::row_id);
    const auto is_twice = [](const std::vector<LoneRow>& rows) { return std::ranges::adjacent_find(rows, {}, &LoneRow::row_id) != rows.end(); };
    if (is_twice(before) || is_twice(after)) return fail(ErrorCode::corrupt, "a table has two rows of one rowid");
    auto mine = before.begin();
    auto theirs = after.begin();
    for (std::uint64_t count = 0; mine != before.end() || theirs != after.end(); ++count) {
        if (count % rows_between_looks == 0) TRY(go_on());
        if (theirs == after.end() || (mine != before.end() && mine->row_id < theirs->row_id)) TRY(take_alone(Which::before, *mine++));
        else if (mine == before.end() || theirs->row_id < mine->row_id) TRY(take_alone(Which::after, *theirs++));
        else take_pair(*mine++, *theirs++);
    }
    return {};
}

void CountedTable::take_pair(const LoneRow& before, const LoneRow& after) {
    if (before.overflow.pages + after.overflow.pages > 0) {
        const bool is_same_cell = match_.versions().is_same_record && before.overflow.pages == after.overflow.pages && before.print == after.print;
        rows_.long_rows.push_back({.row_id = before.row_id, .before = before.place, .after = after.place, .overflow = before.overflow, .is_same_cell = is_same_cell});
        return;
    }
    if (before.print == after.print) return;
    if (match_.is_by_key() && before.key_hash != after.key_hash) {
        take_other_key({.row_id = before.row_id, .key_hash_before = before.key_hash, .key_hash_after = after.key_hash});
    } else {
        ++counts_.changed;
    }
}

Result<void> CountedTable::take_alone(Which which, const LoneRow& row) {
    if (!match_.is_by_key()) {
        counts_.count(which == Which::before ? Change::removed : Change::added);
        return {};
    }
    std::uint64_t key_hash = row.key_hash;
    if (row.overflow.pages > 0) {
        const StoredTable& table = match_.side(which);
        const auto found = TRY(cell_at(table, row.place));
        key_hash = match_.key_hash(TRY(table.layout->read(payload_of(table, found), row.row_id)), which);
    }
    unpaired_.add(which, row.row_id, key_hash);
    return {};
}

}  // namespace holdfast::rows

#include "holdfast/rows/compare_virtual.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/rows/rtree_rows.h"
#include "holdfast/sqlite/tree_versions.h"

namespace holdfast::rows {
namespace {

bool is_rtree(const Table& table) { return table.module == "rtree" || table.module == "rtree_i32" || table.module == "geopoly"; }

std::vector<std::string> visible_columns(const Table& table) {
    std::vector<std::string> names;
    for (const auto& column : table.columns) {
        if (!column.is_hidden) names.push_back(column.name);
    }
    return names;
}

// A page of one of the tables that it keeps its rows in.
Result<bool> may_differ(const Side& before, const Side& after, const ComparedTable& table, const VirtualRequest& request) {
    if (request.differing == nullptr || !table.before || !table.after || table.before->sql != table.after->sql) return true;
    for (const auto& own : before.schema.tables) {
        if (own.kind != TableKind::shadow || !is_same_name(own.owner, table.name)) continue;
        const Table* other = after.schema.find(own.name);
        if (other == nullptr) return true;
        const auto spots = TRY(sqlite::changed_spots({.before = *before.trees, .after = *after.trees, .differing = request.differing}, {own.root, other->root}));
        if (!spots.before.empty() || !spots.after.empty()) return true;
    }
    return false;
}

Result<bool> is_same_row(const Row& before, const Row& after, const ComparedTable& table) {
    if (before.fields.size() != after.fields.size()) return false;
    for (std::size_t i = 0; i < before.fields.size(); ++i) {
        if (!TRY(is_same({before.fields[i], table.encoding_before}, {after.fields[i], table.encoding_after}))) return false;
    }
    return true;
}

Result<void> tell(const ComparedTable& table, const RowChange& change, ChangeSink* sink, TableDifference& found) {
    found.count(change.change);
    return sink ? sink->row(table, change) : Result<void>();
}

Result<void> compare_rtrees(Side& before, Side& after, const ComparedTable& table, const VirtualRequest& request, TableDifference& found) {
    auto mine = TRY(RtreeRows::of(before, table.before)), theirs = TRY(RtreeRows::of(after, table.after));
    TRY(mine.next());
    TRY(theirs.next());
    while (mine.row() || theirs.row()) {
        TRY(request.go_on());
        const Row *one = mine.row(), *other = theirs.row();
        const bool take_mine = one && (!other || one->row_id <= other->row_id), take_theirs = other && (!one || other->row_id <= one->row_id);
        if (take_mine && take_theirs) {
            if (!TRY(is_same_row(*one, *other, table))) TRY(tell(table, {.change = Change::changed, .before = one, .after = other}, request.sink, found));
        } else if (take_mine) {
            TRY(tell(table, {.change = Change::removed, .before = one}, request.sink, found));
        } else {
            TRY(tell(table, {.change = Change::added, .before = nullptr, .after = other}, request.sink, found));
        }
        if (take_mine) TRY(mine.next());
        if (take_theirs) TRY(theirs.next());
    }
    return {};
}

}  // namespace

const Table* where_rows_lie(const Table& table, const Schema& schema) {
    if (table.kind != TableKind::virtual_table) return &table;
    if (!is_full_text(table)) return nullptr;
    const Table* content = schema.find(table.name + "_content");
    return content != nullptr && content->kind == TableKind::shadow ? content : nullptr;
}

std::vector<std::string> shown_columns(const Table& table, const Table* rows) {
    if (rows == nullptr) return visible_columns(table);
    auto own = rows->written_columns();
    auto shown = visible_columns(table);
    if (rows == &table || shown.size() + 1 != own.size()) return own;
    shown.insert(shown.begin(), "rowid");
    return shown;
}

Result<void> compare_virtual(Side& before, Side& after, ComparedTable& table, const VirtualRequest& request, TableDifference& found) {
    const Table& any = table.after ? *table.after : *table.before;
    table.columns_before = table.before ? visible_columns(*table.before) : std::vector<std::string>();
    table.columns_after = table.after ? visible_columns(*table.after) : std::vector<std::string>();
    if (any.columns.empty()) return fail(ErrorCode::unavailable, "it cannot be opened: what its module {} keeps is damaged, or this SQLite has no such module", printable(any.module));
    if (is_full_text(any)) found.note = "an index; what it is of is compared by itself";
    if (!is_rtree(any) || !TRY(may_differ(before, after, table, request))) return {};
    if (request.sink) TRY(request.sink->begin(table));
    return compare_rtrees(before, after, table, request, found);
}

}  // namespace holdfast::rows

#include "holdfast/operations/compare_images.h"

#include <algorithm>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/rows/index_settings.h"

namespace holdfast::operations {

namespace {

std::vector<Cell> cells_of(const rows::Row* row, sqlite::TextEncoding encoding) {
    std::vector<Cell> cells;
    if (row == nullptr) return cells;
    for (const auto& field : row->fields) cells.push_back({rows::to_sql_value({field, encoding})});
    return cells;
}

// Keeps so many rows of each table, and counts the rest.
class KeptRows final : public rows::ChangeSink {
public:
    struct OfTable {
        std::vector<std::string> columns_before, columns_after, key;
        std::vector<RowDifference> rows;
        std::uint64_t left_out = 0;
    };
    explicit KeptRows(RowsToTell wanted) : wanted_(wanted) {}

    Result<void> begin(const rows::ComparedTable& table) override {
        auto& kept = tables[table.name];
        kept = {.columns_before = table.columns_before, .columns_after = table.columns_after, .key = (table.after ? table.after : table.before)->key_columns(), .rows = {}};
        return {};
    }
    Result<void> row(const rows::ComparedTable& table, const rows::RowChange& change) override {
        auto& kept = tables[table.name];
        const bool is_newest_wanted = wanted_.which == RowsToTell::Which::last_removed;
        if (is_newest_wanted && change.change != rows::Change::removed) return {};
        if (kept.rows.size() >= wanted_.most) {
            ++kept.left_out;
            if (!is_newest_wanted) return {};
            kept.rows.erase(kept.rows.begin());  // a few at most
        }
        kept.rows.push_back({std::string(rows::name_of(change.change)), cells_of(change.before, table.encoding_before), cells_of(change.after, table.encoding_after)});
        return {};
    }
    std::map<std::string, OfTable> tables;

private:
    RowsToTell wanted_;
};

// What full-text indexes of both were told about themselves. One that does not say it is told as not compared.
Result<void> compare_settings(rows::DatabasePair& pair, const CompareOrder& order, DatabaseDifference& told) {
    for (const auto& index : pair.schema_after().tables) {
        const auto* before = pair.schema_before().find(index.name);
        if (before == nullptr || index.kind != rows::TableKind::virtual_table || (!order.tables.empty() && !rows::has_name(order.tables, index.name))) continue;
        const auto mine = rows::settings_of(pair.connection_before(), *before), theirs = rows::settings_of(pair.connection_after(), index);
        for (const auto* settings : {&mine, &theirs}) {
            if (settings->ok()) continue;
            const auto code = settings->error().code();
            if (code != ErrorCode::corrupt && code != ErrorCode::unavailable && code != ErrorCode::invalid) return settings->error().copy();
            const auto there = std::ranges::find(told.tables, index.name, &TableDifference::name);
            auto& table = there == told.tables.end() ? told.tables.emplace_back(TableDifference{.name = index.name, .kind = "virtual table"}) : *there;
            if (table.not_compared.empty()) table.not_compared = settings->error().text();
        }
        if (!mine || !theirs) continue;
        for (auto& change : rows::compare_settings(*mine, *theirs)) told.properties.push_back({format("{} of {}", change.name, index.name), std::move(change.before), std::move(change.after)});
    }
    return {};
}

// The last rows that are removed, of the tables that lose any; where there is no time left for a table, none of it, as others
// might be the last.
Result<void> find_last_removed(rows::DatabasePair& pair, const CompareOrder& order, const rows::Comparison& found, const Watch& watch, KeptRows& kept) {
    std::vector<std::string> tables;
    for (const auto& one : found.tables) {
        if (one.removed > 0 && one.not_compared.empty()) tables.push_back(one.name);
    }
    if (tables.empty()) return {};
    const auto again = TRY(pair.compare({.tables = tables, .internal = order.internal, .sink = &kept, .watch = watch, .is_over = order.is_over}));
    for (const auto& one : again.tables) {
        if (!one.not_compared.empty()) kept.tables[one.name] = {};
    }
    return {};
}

}  // namespace

std::function<bool()> over_after(host::Clock& clock, std::int64_t time_ms) {
    return [&clock, end_ns = clock.monotonic_ns() + time_ms * 1'000'000] { return clock.monotonic_ns() >= end_ns; };
}

Result<DatabaseDifference> compare_images(rows::DatabasePair& pair, const CompareOrder& order, const Watch& watch) {
    KeptRows kept(order.rows);
    const bool are_last_wanted = order.rows.most > 0 && order.rows.which == RowsToTell::Which::last_removed;  // counting alone is faster
    const bool are_first_wanted = order.rows.most > 0 && !are_last_wanted;
    auto found = TRY(pair.compare({.tables = order.tables, .internal = order.internal, .sink = are_first_wanted ? &kept : nullptr, .watch = watch, .is_over = order.is_over}));
    if (are_last_wanted) TRY(find_last_removed(pair, order, found, watch, kept));
    DatabaseDifference told;
    for (auto& one : found.properties) told.properties.push_back({one.name, one.before, one.after});
    for (auto& one : found.schema) told.schema.push_back({std::string(rows::name_of(one.change)), one.type, one.name, one.table, one.before, one.after});
    for (auto& one : found.tables) {
        TableDifference table{.name = one.name, .kind = one.kind, .identity = one.identity, .note = one.note, .not_compared = one.not_compared,
                              .added = one.added, .removed = one.removed, .changed = one.changed, .moved = one.moved,
                              .columns_added = one.columns_added, .columns_removed = one.columns_removed};
        auto& rows = kept.tables[one.name];
        table.columns_before = std::move(rows.columns_before);
        table.columns_after = std::move(rows.columns_after);
        table.key = std::move(rows.key);
        table.rows = std::move(rows.rows);
        table.rows_left_out = rows.left_out;
        told.tables.push_back(std::move(table));
    }
    TRY(compare_settings(pair, order, told));
    const bool is_any_different = std::ranges::any_of(found.tables, &rows::TableDifference::is_different) || std::ranges::any_of(told.tables, [](const auto& table) { return !table.not_compared.empty(); });
    told.equal = found.schema.empty() && told.properties.empty() && (order.tables.empty() ? told.tables.empty() : !is_any_different);
    return told;
}

}  // namespace holdfast::operations

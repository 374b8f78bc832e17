#include "holdfast/operations/lost_rows.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/operations/compare_images.h"

namespace holdfast::operations {

namespace {

constexpr std::int64_t compare_ms_max = 30'000;

std::string rows_in_words(std::uint64_t rows) { return format("{} row{}", rows, rows == 1 ? "" : "s"); }

std::string lost_of(const TableDifference& table, const std::vector<SchemaDifference>& schema) {
    const auto is_it = [&](const SchemaDifference& object) { return object.change == "removed" && object.type == "table" && object.name == table.name; };
    if (!table.not_compared.empty()) return format("{}: not counted ({})", table.name, table.not_compared);
    if (table.removed > 0 && std::ranges::any_of(schema, is_it)) return format("{}: all {}, with the table", table.name, rows_in_words(table.removed));
    if (table.removed > 0 && table.changed > 0) return format("{}: {}, and {} had other values", table.name, rows_in_words(table.removed), table.changed);
    if (table.removed > 0) return format("{}: {}", table.name, rows_in_words(table.removed));
    return table.changed > 0 ? format("{}: {} had other values", table.name, rows_in_words(table.changed)) : "";
}

}  // namespace

Result<std::vector<std::string>> lost_rows(Context& context, const sqlite::Image& before, const sqlite::Image& after) {
    const auto is_over = over_after(context.host.clock, compare_ms_max);
    auto pair = TRY(rows::DatabasePair::open(before, after));
    const auto found = TRY(compare_images(pair, {.is_over = is_over}, context.watch));
    std::vector<std::string> lost;
    for (const auto& table : found.tables) {
        if (auto words = lost_of(table, found.schema); !words.empty()) lost.push_back(std::move(words));
    }
    return lost;
}

}  // namespace holdfast::operations

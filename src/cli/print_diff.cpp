#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

using operations::Cell;
using operations::TableDifference;

std::string sign_of(std::string_view change, const Style& style) {
    if (change == "added") return style.good("+");
    if (change == "removed") return style.bad("-");
    return change == "moved" ? ">" : "~";
}

std::string numbers_of(const TableDifference& table, const Style& style) {
    std::vector<std::string> parts;
    if (table.added > 0) parts.push_back(style.good(format("+{}", table.added)));
    if (table.removed > 0) parts.push_back(style.bad(format("-{}", table.removed)));
    if (table.changed > 0) parts.push_back(format("~{}", table.changed));
    if (table.moved > 0) parts.push_back(format("{} under another rowid", table.moved));
    return parts.empty() ? "no row differs" : joined(parts, " ");
}

// name = value, …; of what changed: what tells the row, and both values where they differ.
std::string row_of(const TableDifference& table, const operations::RowDifference& row) {
    const bool is_after = !row.after.empty();
    const auto& cells = is_after ? row.after : row.before;
    const auto& names = is_after ? table.columns_after : table.columns_before;
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < cells.size() && i < names.size(); ++i) {
        const auto old_at = std::ranges::find(table.columns_before, names[i]);
        const auto old_index = static_cast<std::size_t>(old_at - table.columns_before.begin());
        const Cell* old = !row.before.empty() && is_after && old_index < row.before.size() ? &row.before[old_index] : nullptr;
        const bool is_key = std::ranges::find(table.key, names[i]) != table.key.end();
        if (old != nullptr && old->value != cells[i].value) parts.push_back(format("{}: {} → {}", printable(names[i]), operations::short_text_of_cell(*old), operations::short_text_of_cell(cells[i])));
        else if (old == nullptr || is_key) parts.push_back(format("{}={}", printable(names[i]), operations::short_text_of_cell(cells[i])));
    }
    return joined(parts, ", ");
}

std::string table_of(const TableDifference& table, const Style& style) {
    std::string out = format("  {} {}: {}", table.kind, style.bold(printable(table.name)), table.not_compared.empty() ? numbers_of(table, style) : style.bad("not compared"));
    if (!table.columns_added.empty()) out += format("; columns added: {}", printable(joined(table.columns_added, ", ")));
    if (!table.columns_removed.empty()) out += format("; columns removed: {}", printable(joined(table.columns_removed, ", ")));
    out += "\n";
    if (!table.not_compared.empty()) out += format("    {}\n", printable(table.not_compared));
    if (!table.note.empty()) out += format("    {}\n", printable(table.note));
    for (const auto& row : table.rows) out += format("    {} {}\n", sign_of(row.change, style), row_of(table, row));
    if (table.rows_left_out > 0) out += style.faint(format("    … {} more; --limit shows more", counted(table.rows_left_out, "row"))) + "\n";
    return out;
}

std::string sql_of(std::string_view sql, std::string_view sign, const Style& style) {
    std::string out;
    if (sql.empty()) return out;
    for (const auto& line : split(std::string(sql), '\n')) out += format("    {} {}\n", sign == "+" ? style.good("+") : style.bad("-"), printable(line));
    return out;
}

}  // namespace

std::string difference_in_words(const operations::DatabaseDifference& database, const Style& style) {
    if (database.equal) return "  nothing differs\n";
    if (database.after.empty() || database.before.empty()) return format("{}: only {}\n", style.bold(printable(database.before + database.after)), database.after.empty() ? "before" : "after");
    std::string out;
    for (const auto& property : database.properties) out += format("  {} {} → {}\n", printable(property.name), printable(property.before), printable(property.after));
    for (const auto& object : database.schema) {
        out += format("  {} {} {} {}\n", sign_of(object.change, style), object.type, style.bold(printable(object.name)), object.change);
        if (object.change == "changed") out += sql_of(object.before, "-", style) + sql_of(object.after, "+", style);
    }
    for (const auto& table : database.tables) out += table_of(table, style);
    return out;
}

std::string text_of(const operations::DiffReport& report, const Style& style) {
    const auto side = [&](const operations::DiffSide& one) { return style.bold(printable(one.of)) + (one.time == Timestamp{} ? "" : " (" + local_time(one.time) + ")"); };
    std::string out = format("{} → {}\n", side(report.before), side(report.after));
    for (const auto& database : report.databases) {
        const bool is_on_both_sides = !database.before.empty() && !database.after.empty();
        if (report.databases.size() > 1 && is_on_both_sides) out += style.bold(printable(database.after)) + "\n";
        out += difference_in_words(database, style);
    }
    return out + lines("  note: ", report.warnings);
}

}  // namespace holdfast::cli

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
    return change == "moved" ? ">" : change == "kept" ? "=" : "~";
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

namespace {

// Two sizes are told where they tell something.
std::string content_in_words(const operations::FileDifference& file) {
    const auto before = human_bytes(file.size_before), after = human_bytes(file.size_after);
    if (before != after) return format("{} → {}", before, after);
    if (file.size_before == file.size_after) return format("other content, {} as before", after);
    const bool is_longer = file.size_before < file.size_after;
    return format("other content, {} {}", human_bytes(is_longer ? file.size_after - file.size_before : file.size_before - file.size_after), is_longer ? "more" : "less");
}

}  // namespace

std::string difference_in_words(const operations::FilesDifference& files, const Style& style) {
    std::vector<std::string> parts;
    if (files.added > 0) parts.push_back(style.good(format("+{}", files.added)));
    if (files.removed > 0) parts.push_back(style.bad(format("-{}", files.removed)));
    if (files.changed > 0) parts.push_back(format("~{}", files.changed));
    if (files.renamed > 0) parts.push_back(format(">{} renamed", files.renamed));
    if (files.kept > 0) parts.push_back(format("={} kept as it is now", files.kept));
    std::string out = format("  files: {}\n", parts.empty() ? files.incomplete ? "no difference found" : "nothing differs" : joined(parts, " "));
    for (const auto& file : files.files) {
        const std::string path = printable(file.path) + (file.kind == "folder" ? "/" : "");
        std::string line = format("    {} ", file.change == "renamed" ? ">" : sign_of(file.change, style));
        if (file.change == "renamed") line += format("{} → {}", printable(file.from), path);
        else line += path;
        const bool has_content = std::ranges::find(file.what, "content") != file.what.end();
        if (has_content) line += "  " + content_in_words(file);
        else if (file.kind == "file" && file.what.empty()) line += "  " + human_bytes(std::max(file.size_before, file.size_after));
        std::vector<std::string> others = file.what;
        std::erase(others, "content");
        if (std::erase(others, "kind") > 0) line += format("  is a {} now", file.kind);
        if (!others.empty()) line += format("  ({}{})", has_content ? "and " : "only ", joined(others, ", "));
        out += line + "\n";
    }
    return out + lines("    " + style.bad("not compared: "), files.warnings);
}

std::string text_of(const operations::DiffReport& report, const Style& style) {
    const auto side = [&](const operations::DiffSide& one) { return style.bold(printable(one.of)) + (one.time == Timestamp{} ? "" : " (" + local_time(one.time) + ")"); };
    std::string out = format("{} → {}\n", side(report.before), side(report.after));
    for (const auto& database : report.databases) {
        const bool is_on_both_sides = !database.before.empty() && !database.after.empty();
        if (report.databases.size() > 1 && is_on_both_sides) out += style.bold(printable(database.after)) + "\n";
        out += difference_in_words(database, style);
    }
    if (report.companions) out += difference_in_words(*report.companions, style);
    return out + lines("  note: ", report.warnings);
}

}  // namespace holdfast::cli

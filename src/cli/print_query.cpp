#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t blob_shown_max = 16;

bool is_number(const operations::Cell& cell) {
    return std::holds_alternative<std::int64_t>(cell.value) || std::holds_alternative<double>(cell.value);
}

// The beginning of a long blob, and how long it is.
std::string shown(const operations::Cell& cell) {
    const auto* blob = std::get_if<Bytes>(&cell.value);
    if (blob == nullptr || blob->size() <= blob_shown_max) return operations::text_of_cell(cell);
    return format("x'{}…' ({})", to_hex(ByteView(*blob).first(blob_shown_max)), human_bytes(blob->size()));
}

std::string table_of(const operations::QueryRows& result, const Style& style) {
    std::vector<std::vector<std::string>> table = {{}};
    std::vector<bool> right(result.columns.size(), !result.rows.empty());
    for (const auto& name : result.columns) table.front().push_back(printable(name));
    for (const auto& row : result.rows) {
        auto& cells = table.emplace_back();
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool is_null = std::holds_alternative<std::monostate>(row[i].value);
            right[i] = right[i] && (is_number(row[i]) || is_null);
            cells.push_back(shown(row[i]));
        }
    }
    const std::string text = columns(table, right);
    const auto names_end = text.find('\n');
    return style.bold(text.substr(0, names_end)) + text.substr(names_end);
}

}  // namespace

std::string text_of(const operations::QueryReport& report, const Style& style) {
    std::string out;
    for (const auto& result : report.results) {
        if (!out.empty()) out += "\n";
        out += table_of(result, style);
    }
    std::vector<std::vector<std::string>> tables;
    for (const auto& table : report.tables) {
        const std::string name = report.databases.size() == 1 ? table.name : table.database + "." + table.name;
        tables.push_back({style.bold(printable(name)), table.kind, joined(table.columns, ", ")});
    }
    return out + (tables.empty() ? "" : columns(tables, {false, false, false}));
}

std::string announcement_of(const operations::ShellReport& report, const Style& style) {
    const std::string when = report.time == Timestamp{} ? "" : ", " + local_time(report.time);
    const std::string named = report.databases.size() == 1 ? "" : format(": {}", joined(report.databases, ", "));
    return style.faint(format("{}{}, {} unpacked to be read{}", printable(report.of), when, human_bytes(report.bytes), named)) + "\n" + lines("note: ", report.warnings);
}

std::string notes_of(const operations::QueryReport& report, const Style& style) {
    const std::string when = report.time == Timestamp{} ? "" : ", " + local_time(report.time);
    return style.faint(format("of {}{}", report.of, when)) + "\n" + lines("note: ", report.warnings);
}

}  // namespace holdfast::cli

#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

bool is_number(const operations::Cell& cell) {
    return std::holds_alternative<std::int64_t>(cell.value) || std::holds_alternative<double>(cell.value);
}

std::string rows_of(const operations::SqlStatement& statement, const Style& style) {
    std::vector<std::vector<std::string>> table = {{}};
    std::vector<bool> right;
    for (const auto& name : statement.columns) table.front().push_back(printable(name));
    for (const auto& row : statement.rows) {
        auto& cells = table.emplace_back();
        if (right.empty()) {
            for (const auto& cell : row) right.push_back(is_number(cell));
        }
        for (const auto& cell : row) cells.push_back(operations::text_of_cell(cell));
    }
    right.resize(statement.columns.size());
    std::string out = columns(table, right);
    if (statement.rows_left_out > 0) out += style.faint(format("… {} more; --limit shows more", counted(statement.rows_left_out, "row"))) + "\n";
    return out;
}

}  // namespace

std::string changes_in_words(const std::vector<operations::ChangedTable>& changes, bool dry_run) {
    std::string out;
    std::uint64_t internal = 0;
    for (const auto& table : changes) {
        if (table.internal) {
            internal += table.inserted + table.updated + table.deleted;
            continue;
        }
        std::vector<std::string> parts;
        if (table.inserted > 0) parts.push_back(format("{} inserted", table.inserted));
        if (table.updated > 0) parts.push_back(format("{} updated", table.updated));
        if (table.deleted > 0) parts.push_back(format("{} deleted", table.deleted));
        out += format("  {}: {}{}\n", printable(table.table), joined(parts, ", "), dry_run ? " (would be)" : "");
    }
    if (internal > 0) out += format("  and {} inside virtual tables\n", counted(internal, "row"));
    return out;
}

std::string way_back_in_words(const operations::WayBack& before, const Style& style) {
    if (before.number == 0) return "";
    return format("  the state before is backup {}{}; to go back: {}\n", style.bold(format("#{}", before.number)),
                  before.was_there ? ", which was there already" : "", before.command) +
           lines("  note: ", before.warnings);
}

std::string text_of(const operations::ExecReport& report, const Style& style) {
    std::string out;
    for (const auto& statement : report.statements) {
        if (statement.untried) out += format("not tried: {}: it cannot be taken back\n", statement.sql);
        else if (!statement.columns.empty()) out += rows_of(statement, style);
    }
    if (report.statements.empty() && !report.wrote) out += "nothing to do: there are comments in the SQL, and no statement\n";
    if (!report.wrote) return out + lines("note: ", report.warnings);
    const bool is_changed = !report.changes.empty() || !report.schema.empty() || !report.properties.empty();
    out += report.dry_run ? "dry run: nothing is changed\n" : is_changed ? style.good("done") + "\n" : std::string("done: nothing of it changed\n");
    out += changes_in_words(report.changes, report.dry_run);
    const std::string_view would_be = report.dry_run ? " (would be)" : "";
    for (const auto& object : report.schema) {
        const std::string rows = object.rows > 0 ? format(" with {}", counted(object.rows, "row")) : "";
        const std::string to = object.new_name.empty() ? "" : format(" to {}", printable(object.new_name));
        out += format("  {} {} {}{}{}{}\n", object.type, printable(object.name), object.what, rows, to, would_be);
    }
    for (const auto& property : report.properties) out += format("  {} {} → {}{}\n", property.name, property.before, property.after, would_be);
    return out + way_back_in_words(report.before, style) + lines("  note: ", report.warnings);
}

}  // namespace holdfast::cli

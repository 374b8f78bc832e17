#include <algorithm>

#include "holdfast/cli/print.h"

namespace holdfast::cli {

std::string text_of(const operations::DumpReport& report, const Style& style) {
    std::size_t width = 0;
    for (const auto& table : report.tables) width = std::max(width, printable(table.name).size());
    std::string out = format("{}{}, {}\n", style.bold(printable(report.of)), report.time == Timestamp{} ? "" : " (" + local_time(report.time) + ")", counted(report.rows, "row"));
    for (const auto& table : report.tables) out += format("  {:{}}  {:>9}\n", printable(table.name), width, table.rows);
    out += lines("  " + style.bad("note: "), report.warnings);
    const std::string file = report.file == "-" ? "standard output" : style.bold(printable(report.file));
    if (report.unchanged) return out + format("{} has all of it already, and was left alone\n", file);
    if (report.dry_run) return out + format("{} would get {}; nothing was written\n", file, human_bytes(report.bytes));
    if (report.proven) out += "  loaded into a temporary database, and found equal\n";
    return out + format("{}: {}, {}\n", file, human_bytes(report.bytes), human_duration_ms(report.duration_ms));
}

}  // namespace holdfast::cli

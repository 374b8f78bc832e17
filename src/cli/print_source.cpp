#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {

std::string text_of(const operations::SourceListReport& report, const Style&) {
    if (report.sources.empty()) return format("no backups in {}\n", printable(report.repository));
    std::vector<std::vector<std::string>> rows = {{"source", "id", "backups", "newest", "time", "databases"}};
    std::vector<std::string> notes;
    for (const auto& source : report.sources) {
        rows.push_back({printable(source.name), source.id.substr(0, 8), std::to_string(source.backups), format("#{}", source.last_number), local_time(source.last_time),
                        printable(joined(source.paths, ", ")) + (source.is_of_this_machine ? "" : " (another machine)")});
        for (const auto& path : source.missing) notes.push_back(format("{} is not there; if it was moved: holdfast source move {} NEW", printable(path), printable(path)));
    }
    return columns(rows, {false, false, true, true, false, false}) + lines("  note: ", notes);
}

std::string text_of(const operations::SourceMoveReport& report, const Style& style) {
    std::string out = format("{}{} ({}) goes on at {}\n", report.dry_run ? "dry run: nothing is changed; would be: " : "", style.bold(printable(report.source)), report.id.substr(0, 8),
                             printable(report.to));
    out += format("  its {} can still be found by --source {}\n", counted(report.backups, "backup"), printable(report.source));
    if (report.number > 0) out += format("  backup {} is the first at the new place, {} stored\n", style.bold(format("#{}", report.number)), human_bytes(report.bytes_stored));
    if (report.damaged) out += "  " + style.bad("SQLite finds it damaged: it is kept as evidence") + "\n";
    return out + lines("  change ", report.settings) + lines("  note: ", report.warnings);
}

}  // namespace holdfast::cli

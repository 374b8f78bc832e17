#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {

std::string text_of(const operations::FreshReport& report, const Style& style) {
    std::string out = format("{} {}: {}\n", report.dry_run ? "dry run: nothing is changed; would start afresh with" : "a fresh start of", style.bold(printable(report.source)), printable(report.command));
    for (const auto& database : report.databases) {
        out += format("  {}{}\n", printable(database.path), report.dry_run ? "" : format(": {}, SQLite's own check: {}", human_bytes(database.bytes), database.check));
        out += lines(report.dry_run ? "    would keep aside " : "    kept aside ", database.kept_aside);
    }
    if (report.safety_number > 0) {
        out += format("  the state before is backup {}; to go back: {}\n", style.bold(format("#{}", report.safety_number)), report.go_back);
    }
    if (!report.data_lost.empty()) out += format("  data lost: {}\n", printable(report.data_lost));
    if (!report.recovery_log.empty()) out += format("  told in {}\n", printable(report.recovery_log));
    return out + lines("  note: ", report.warnings);
}

}  // namespace holdfast::cli

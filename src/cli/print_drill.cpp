#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string database_lines(const operations::DrilledDatabase& database, const Style& style) {
    std::string out = format("  {}: SQLite's own check: {}\n", printable(database.path), database.check);
    for (const auto& expectation : database.expectations) {
        out += format("    {} {}  ({})\n", expectation.met ? style.good("holds:") : style.bad("does not hold:"), printable(expectation.what), printable(expectation.answer));
    }
    if (!database.smoke.empty()) out += format("    the smoke command {}\n", printable(database.smoke));
    return out + lines("    " + style.bad("found: "), database.findings);
}

}  // namespace

std::string text_of(const operations::DrillReport& report, const Style& style) {
    std::string out;
    for (const auto& backup : report.backups) {
        out += format("{} {} of {}, {}: {} restored and proven in {}, usable after {} (scenario {})\n", backup.passed ? style.good("passed:") : style.bad("failed:"),
                      style.bold(backup.file.empty() ? format("#{}", backup.number) : printable(backup.file)), backup.source.empty() ? "no source" : printable(backup.source), local_time(backup.time), human_bytes(backup.bytes),
                      human_duration_ms(backup.restore_ms), human_duration_ms(backup.total_ms), backup.scenario);
        if (!backup.error.empty()) out += format("  {}\n", printable(backup.error));
        for (const auto& companion : backup.companions) {
            out += format("  {}: {}, {}, read back{}\n", printable(companion.path), counted(companion.files, "file"), human_bytes(companion.bytes), companion.findings.empty() ? " and equal" : "");
            out += lines("    " + style.bad("found: "), companion.findings);
        }
        for (const auto& database : backup.databases) out += database_lines(database, style);
        out += agreement_lines(backup.agreement, style);
    }
    return out + lines("note: ", report.warnings);
}

}  // namespace holdfast::cli

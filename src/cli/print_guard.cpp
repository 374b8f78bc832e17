#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string ending_of(const operations::GuardReport& report, const Style& style) {
    if (!report.command_run) return style.bad(format("the command was not run: {}", printable(report.command_error)));
    const std::string took = format(" after {}", human_duration_ms(report.command_ms));
    if (report.signal != 0) return style.bad(format("the command was ended by signal {}", report.signal)) + took;
    return style.bad(format("the command failed with exit code {}", report.exit_code)) + took;
}

std::string way_back_of(const operations::GuardReport& report, const Style& style) {
    if (report.backups.empty()) return "  there is no backup to go back to\n";
    if (!report.command_run) return "";
    if (!report.restored) {
        std::string out;
        if (!report.restore_error.empty()) out = "  " + style.bad("it was NOT restored: ") + printable(report.restore_error) + "\n";
        for (const auto& backup : report.backups) {
            out += backup.gone.empty() ? format("  to go back to backup #{}: {}\n", backup.number, backup.go_back)
                                       : format("  {}: {}\n", style.bad(format("there is no way back to backup #{}", backup.number)), printable(backup.gone));
        }
        return out;
    }
    std::string out;
    for (const auto& backup : report.backups) {
        if (backup.unchanged) out += format("  nothing has changed since backup #{}: nothing to restore\n", backup.number);
        else out += format("  {} backup #{}: everything is as it was before the command\n", style.good("restored"), backup.number);
        if (backup.safety_number == 0) continue;
        out += format("  what it had left is backup #{}: {}\n", backup.safety_number, backup.undo);
    }
    return out;
}

}  // namespace

std::string announcement_of(const operations::BackupReport& report, const Style& style) {
    std::string out;
    if (!report.repository_note.empty()) out += "holdfast: " + report.repository_note + "\n";
    const std::string head = style.bold(format("backup #{}", report.number));
    out += format("holdfast: {} (automatic, before: {}{})\n", head, printable(report.operation), report.confirmed_only ? "; nothing has changed since" : "");
    if (report.skewed) out += format("  note: it is not of one moment: {}\n", printable(report.skew));
    return out + lines("  note: ", operations::lacks_in_words(report)) + lines("  note: ", report.warnings);
}

std::string text_of(const operations::GuardReport& report, const Style& style) {
    if (!report.command_run && report.command_error.empty()) {
        std::string numbers;
        for (const auto& backup : report.backups) numbers += format("{}\n", backup.number);
        return numbers;
    }
    if (report.exit_code == 0) return "";
    return "holdfast: " + ending_of(report, style) + "\n" + way_back_of(report, style);
}

}  // namespace holdfast::cli

#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {

std::string rebuild_lines(const std::vector<operations::RebuildRun>& runs, const Style& style) {
    std::string out;
    for (const auto& run : runs) {
        const std::string state = run.state == "done" ? style.good("rebuilt:") : run.state == "running" ? std::string("being rebuilt:") : style.bad("rebuild " + run.state + ":");
        out += format("  {} {}  ({}", state, printable(run.companion), printable(run.how));
        if (run.started && run.state == "running") out += ", since " + local_time(*run.started);
        if (run.started && run.ended) {
            constexpr double ns_per_ms = 1e6;
            out += format(", {}, in {}", local_time(*run.ended), human_duration_ms(static_cast<double>(run.ended->nanoseconds - run.started->nanoseconds) / ns_per_ms));
        }
        out += ")\n";
        if (!run.error.empty()) out += format("    {}\n", printable(run.error));
        if (run.is_good()) continue;
        for (const auto& line : split(run.output, '\n')) {
            if (!trim(line).empty()) out += format("    | {}\n", printable(line));
        }
    }
    return out;
}

std::string text_of(const operations::RebuildReport& report, const Style& style) { return rebuild_lines(report.rebuilds, style) + lines("note: ", report.warnings); }

}  // namespace holdfast::cli

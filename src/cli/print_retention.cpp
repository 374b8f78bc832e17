#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string heading(const std::string& source, const std::string& zone, const Style& style) {
    return format("{}{}\n", style.bold(printable(source)), zone == "local" ? "" : format("  (times in {})", zone));
}

// One source's verdicts, newest first.
std::string verdict_lines(std::span<const operations::RetentionVerdict> verdicts) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& verdict : verdicts) {
        rows.push_back({"", format("#{}", verdict.number), verdict.local_time, verdict.kind, verdict.kept ? "stays" : "GOES", joined(verdict.reasons, "; ")});
    }
    return columns(rows, {false, true, false, false, false, false});
}

}  // namespace

std::string text_of_rule(const operations::ForgetReport& report, const Style& style) {
    std::string out;
    std::span<const operations::RetentionVerdict> rest = report.verdicts;
    while (!rest.empty()) {
        std::size_t count = 1;
        while (count < rest.size() && rest[count].source == rest[0].source) ++count;
        out += heading(rest[0].source, report.time_zone, style) + verdict_lines(rest.first(count)) + "\n";
        rest = rest.subspan(count);
    }
    const std::size_t goes = report.numbers.size(), stays = report.verdicts.size() - goes;
    out += goes == 0 ? format("nothing is to be forgotten; {} stay\n", counted(stays, "backup"))
                     : format("{} {}; {} stay\n", report.dry_run ? "would forget" : "forgot", counted(goes, "backup"), stays);
    if (!report.advice.empty() && !report.dry_run) out += report.advice + "\n";
    return out;
}

std::string text_of(const operations::SimulateRetentionReport& report, const Style& style) {
    std::string out = format("{}  {}\n", style.bold("policy"), report.policy);
    out += columns({{"", "from", local_time(report.from)}, {"", "to", local_time(report.to)}, {"", "backups made", format("{}", report.made)},
                    {"", "left in the end", format("{}", report.left)}, {"", "most at once", report.made == 0 ? "0" : format("{}, first {}", report.most, local_time(report.most_at))}},
                   {false, false, false});
    if (report.kept.empty()) return out;
    return out + "\n" + heading("what remains", report.time_zone, style) + verdict_lines(report.kept);
}

}  // namespace holdfast::cli

#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string time_or(const std::optional<Timestamp>& time, const char* otherwise) { return time ? local_time(*time) : std::string(otherwise); }

std::string job_lines(const operations::ScheduleReport& report) {
    std::vector<std::vector<std::string>> rows = {{"job", "time", "next", "last", "how it ended"}};
    for (const auto& job : report.jobs) rows.push_back({job.job, job.time, time_or(job.next, "never"), time_or(job.last_start, "-"), printable(job.state)});
    return columns(rows, {false, false, false, false, false});
}

std::string headline(const operations::ScheduleReport& report) {
    const std::string folder = printable(report.folder);
    if (report.by.empty()) return format("no schedule is installed for {} (holdfast schedule install)\n", folder);
    if (report.dry_run) return format("dry run: nothing is changed; schedule {} of {}, by {}\n", report.id, folder, report.by);
    return format("schedule {} of {}, by {}{}\n", report.id, folder, report.by, report.installed ? "" : ": removed");
}

}  // namespace

std::string text_of(const operations::ScheduleReport& report, const Style&) {
    std::string out;
    if (report.by.empty() && !report.printed.empty()) {  // definitions only, to be put into files as they are
        for (const auto& text : report.printed) out += report.printed.size() == 1 ? text.text : format("==> {} <==\n{}\n", text.name, text.text);
        return out;
    }
    out = headline(report);
    if (!report.jobs.empty()) out += job_lines(report);
    out += lines(report.dry_run ? "  would change " : report.installed ? "  in " : "  removed ", report.files);
    return out + lines("  note: ", report.warnings);
}

std::string text_of(const operations::ScheduleRunReport& report, const Style&) {
    if (!report.ran) return format("{} was not run: {}\n", report.job, report.why_not);
    return format("{} {} after {}\n", report.job, report.ending, human_duration_ms(report.duration_ms));
}

}  // namespace holdfast::cli

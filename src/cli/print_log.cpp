#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

constexpr std::size_t numbers_shown_max = 5;

std::string numbers_of(const operations::LoggedEntry& entry) {
    std::string text;
    for (std::size_t i = 0; i < std::min(entry.numbers.size(), numbers_shown_max); ++i) text += format("{}#{}", i == 0 ? "" : " ", entry.numbers[i]);
    return entry.numbers.size() > numbers_shown_max ? format("{} and {} more", text, entry.numbers.size() - numbers_shown_max) : text;
}

std::vector<std::string> row(const operations::LoggedEntry& entry) {
    const std::string why = entry.code.empty() ? "" : format(" ({}: {})", entry.code, printable(entry.message));
    std::string remark = printable(joined(entry.details, ", "));
    if (!entry.user.empty()) remark += format("  by {} on {}", printable(entry.user), printable(entry.host));
    return {format("{}", entry.sequence), local_time(entry.time), printable(entry.event), numbers_of(entry), entry.outcome + why, human_duration_ms(entry.duration_ms), printable(entry.source), remark};
}

std::string finding_lines(const std::vector<operations::LogFinding>& findings) {
    std::string out;
    for (const auto& finding : findings) {
        out += finding.line == 0 ? format("  {}\n", printable(finding.what)) : format("  line {}: {}\n", finding.line, printable(finding.what));
    }
    return out;
}

std::string verdict(const operations::LogReport& report, const Style& style) {
    if (!report.verified) return "";
    std::string out = "\n";
    if (report.good && !report.unlogged.empty()) {
        out += format("{}; but {} in no entry: see below\n", style.good("the log is whole"), report.unlogged.size() == 1 ? std::string("1 backup is") : format("{} backups are", report.unlogged.size()));
    } else if (report.good) {
        out += format("{}: {} in order, and {} of backups and notes agree\n", style.good("the log is whole"),
                      report.entries_in_all == 1 ? std::string("1 entry") : format("{} entries", report.entries_in_all), counted(report.heads_matched, "head"));
    } else {
        out += format("{} {}:\n{}", style.bad("something is wrong with the log"), printable(report.file), finding_lines(report.damage));
    }
    if (!report.remarks.empty()) out += "to know:\n" + finding_lines(report.remarks);
    if (!report.other_logs.empty()) {
        out += format("{} of other machines, users or places: {}\n", counted(report.other_logs.size(), "log"), printable(joined(report.other_logs, ", ")));
    }
    return out;
}

}  // namespace

std::string text_of(const operations::LogReport& report, const Style& style) {
    std::string out;
    if (report.entries.empty()) {
        out = format("no entries{} in {}\n", report.entries_in_all == 0 ? "" : " like that", printable(report.file));
    } else {
        std::vector<std::vector<std::string>> rows = {{"entry", "time", "event", "backups", "outcome", "took", "source", "details"}};
        for (const auto& entry : report.entries) rows.push_back(row(entry));
        out = columns(rows, {true, false, false, false, false, true, false, false});
    }
    for (const auto& warning : report.warnings) out += format("warning: {}\n", printable(warning));
    return out + verdict(report, style);
}

}  // namespace holdfast::cli

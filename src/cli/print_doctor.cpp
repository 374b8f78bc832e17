#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

using operations::Finding;
using operations::Severity;

// As wide as the longest word, so that what follows lines up; colours take no room.
std::string mark_of(const Finding& finding, const Style& style) {
    const std::string word = format("{:<7}", operations::name_of(finding.severity));
    switch (finding.severity) {
        case Severity::ok: return style.good(word);
        case Severity::info: return style.faint(word);
        case Severity::warning: return style.bold(word);
        case Severity::fault: return style.bad(word);
    }
    return word;
}

std::string lines_of(const Finding& finding, const Style& style) {
    std::string out = format("  {}  {:<10}  {}\n", mark_of(finding, style), finding.about, printable(finding.what));
    if (!finding.why.empty()) out += format("                       {}\n", style.faint(printable(finding.why)));
    if (!finding.remedy.empty()) out += format("                       try: {}\n", printable(finding.remedy));
    return out;
}

}  // namespace

std::string text_of(const operations::DoctorReport& report, const Style& style) {
    std::string out, subject = "\n";  // no subject is this
    for (const auto& finding : report.findings) {
        if (style.quiet && finding.severity < Severity::warning) continue;
        if (finding.subject != subject) out += format("{}\n", style.bold(finding.subject.empty() ? "holdfast" : printable(finding.subject)));
        subject = finding.subject;
        out += lines_of(finding, style);
    }
    if (!style.quiet || report.faults + report.warnings > 0) {
        out += report.faults + report.warnings == 0 ? "nothing is wrong\n" : format("{} and {}\n", counted(report.faults, "fault"), counted(report.warnings, "warning"));
    }
    if (!report.report.empty()) out += format("the report for others is in {}: read it before you send it\n", printable(report.report));
    return out;
}

}  // namespace holdfast::cli

#include "holdfast/base/text.h"
#include "holdfast/cli/print.h"

namespace holdfast::cli {
namespace {

std::string fault_lines(const operations::SettingsFault& fault, const std::string& file, const Style& style) {
    std::string line = printable(file);
    if (fault.line != 0) line += format(":{}", fault.line);
    if (fault.key.empty() && fault.column != 0) line += format(":{}", fault.column);
    if (!fault.key.empty()) line += ": " + printable(fault.key);
    line += ": " + style.bad(printable(fault.message)) + "\n";
    return fault.advice.empty() ? line : line + "  try: " + printable(fault.advice) + "\n";
}

std::string origin_of(const operations::SettingValue& value, const operations::CheckSettingsReport& report) {
    std::string from = value.from == "default" ? "default" : format("line {}", value.line);
    if (value.from == "environment") from += format(", environment {}", printable(report.environment));
    for (const auto& name : value.variables) from += format(", ${{{}}}", name);
    return from;
}

}  // namespace

std::string text_of(const operations::CheckSettingsReport& report, const Style& style) {
    std::string out;
    for (const auto& fault : report.faults) out += fault_lines(fault, report.file, style);
    if (report.good && !report.file.empty()) {
        out += format("{} {}{}\n", style.good("nothing is wrong in"), printable(report.file), report.environment.empty() ? "" : format(", environment {}", printable(report.environment)));
    }
    if (!report.good) return out + lines("note: ", report.warnings);
    std::vector<std::vector<std::string>> rows;
    for (const auto& value : report.values) rows.push_back({printable(value.key), printable(value.value), origin_of(value, report)});
    return out + columns(rows, {false, false, false}) + lines("note: ", report.warnings);
}

std::string text_of(const operations::SettingsReferenceReport& report, const Style&) { return report.markdown; }

std::string text_of(const operations::SourcesBackupReport& report, const Style& style) {
    std::string out;
    for (const auto& source : report.sources) {
        out += style.bold(printable(source.source)) + ": ";
        if (source.backup) {
            out += text_of(*source.backup, style);
            continue;
        }
        out += style.bad("failed: " + printable(source.error)) + "\n";
        if (!source.advice.empty()) out += "  try: " + printable(source.advice) + "\n";
    }
    if (report.failed > 0) out += style.bad(format("{} of {} sources were not backed up\n", report.failed, report.sources.size()));
    return out;
}

}  // namespace holdfast::cli

// The settings, and whether what they schedule runs.
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/check_settings.h"
#include "holdfast/operations/doctor_looks.h"
#include "holdfast/operations/schedule.h"

namespace holdfast::operations {

void look_at_settings(Consultation& consultation) {
    auto& findings = consultation.findings;
    const auto& request = consultation.request.repository.settings;
    auto read = read_settings(consultation.context, request);
    if (!read) {
        return findings.add({.severity = Severity::fault, .about = "settings", .what = read.error().message(), .why = "every command that needs settings refuses them", .remedy = read.error().advice(), .may_quote = true});
    }
    const std::string file = read->loaded.file;
    *consultation.settings = std::move(read->loaded);
    if (file.empty()) {
        return findings.add({.severity = Severity::info, .about = "settings", .what = "there are no settings: the defaults hold", .why = "targets, schedules and policies of your own need some", .remedy = "holdfast init DATABASE"});
    }
    const auto checked = check_settings(consultation.context, {.settings = request});
    if (!checked) return consultation.unseen("settings", file, checked.error());
    for (const auto& fault : checked->faults) {
        findings.add({.severity = Severity::fault, .about = "settings", .subject = file, .what = format("line {}: {}{}{}", fault.line, fault.key, fault.key.empty() ? "" : ": ", fault.message),
                      .why = "every command that needs settings refuses them", .remedy = fault.advice.empty() ? std::string("holdfast settings check") : fault.advice, .may_quote = true});
    }
    for (const auto& warning : checked->warnings) {
        findings.add({.severity = Severity::warning, .about = "settings", .subject = file, .what = warning, .why = "what is missing is not backed up", .remedy = "holdfast settings check", .may_quote = true});
    }
    if (checked->good && checked->warnings.empty()) findings.add({.severity = Severity::ok, .about = "settings", .subject = file, .what = "nothing is wrong in them"});
}

void look_at_schedule(Consultation& consultation) {
    auto& findings = consultation.findings;
    const auto shown = show_schedule(consultation.context, {});
    if (!shown) return consultation.unseen("schedule", {}, shown.error());
    if (!shown->installed) {
        return findings.add({.severity = Severity::info, .about = "schedule", .subject = shown->folder, .what = "nothing is scheduled for this folder by holdfast", .why = "backups are made when somebody makes them", .remedy = "holdfast schedule install"});
    }
    for (const auto& warning : shown->warnings) {
        findings.add({.severity = Severity::warning, .about = "schedule", .subject = shown->folder, .what = warning, .why = "what was scheduled does not run", .remedy = "holdfast schedule install"});
    }
    for (const auto& job : shown->jobs) {
        const bool has_failed = job.exit_code.value_or(0) != 0;
        Finding finding{.severity = has_failed ? Severity::warning : Severity::ok, .about = "schedule", .subject = shown->folder, .what = format("{}: {}, {}", job.job, job.time, job.state)};
        if (has_failed) {
            finding.what += format(", exit code {}", *job.exit_code);
            finding.why = "it runs by itself, and failed the last time";
            finding.remedy = format("holdfast schedule run {}", job.job);
        }
        findings.add(std::move(finding));
    }
}

}  // namespace holdfast::operations

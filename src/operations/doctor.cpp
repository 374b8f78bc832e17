#include "holdfast/operations/doctor.h"

#include <algorithm>
#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/doctor_looks.h"

namespace holdfast::operations {

namespace {

// Those that are named; else those of the settings; else those that were backed up here.
std::vector<std::string> databases_meant(const Consultation& consultation) {
    if (!consultation.request.databases.empty()) return consultation.request.databases;
    std::vector<std::string> names;
    for (const auto& [name, source] : consultation.settings->settings.source) names.insert(names.end(), source.databases.begin(), source.databases.end());
    if (!names.empty() || !consultation.status) return names;
    for (const auto& source : consultation.status->sources) names.insert(names.end(), source.paths.begin(), source.paths.end());
    return names;
}

std::vector<Patient> patients(const Consultation& consultation) {
    std::vector<Patient> found;
    std::set<std::string> seen;
    for (const auto& name : databases_meant(consultation)) {
        const auto path = canonical_name(consultation.context, name);
        Patient patient{.path = path ? *path : name, .named = name};
        if (seen.insert(patient.path).second) found.push_back(std::move(patient));
    }
    return found;
}

void look_at(Consultation& consultation, Patient& patient) {
    look_at_file(consultation, patient);
    look_at_sidecars(consultation, patient);
    look_at_users(consultation, patient);
    look_at_past(consultation, patient);
    if (!patient.can_be_looked_at()) return;
    look_at_rights(consultation, patient);
    look_at_place(consultation, patient);
    look_at_wal(consultation, patient);
    look_at_sqlite_of_users(consultation, patient);
    look_at_content(consultation, patient);
}

Result<void> expect_new_file(Context& context, const std::string& path) {
    if (path.empty() || !TRY(host::exists(context.host.files, path))) return {};
    return fail(ErrorCode::exists, "write the report {}: there is such a file already", printable(path)).with_advice("--report with another name");
}

Result<void> write_report(Context& context, const std::string& path, const std::string& text) {
    const auto file = TRY(context.host.files.create(path, 0600));
    TRY(file->write_at(0, bytes_of(text)));
    return file->sync();
}

std::uint64_t count(const std::vector<Finding>& findings, Severity severity) {
    return static_cast<std::uint64_t>(std::ranges::count(findings, severity, &Finding::severity));
}

}  // namespace

std::string_view name_of(Severity severity) {
    switch (severity) {
        case Severity::ok: return "ok";
        case Severity::info: return "info";
        case Severity::warning: return "warning";
        case Severity::fault: return "fault";
    }
    return "";
}

std::string Consultation::command(const std::string& words) const {
    const auto& asked = request.repository;
    std::string text = "holdfast " + words;
    if (!asked.repository.empty()) text += " -r " + shell_word(asked.repository);
    if (!asked.key_file.empty()) text += " --key-file " + shell_word(asked.key_file);
    if (!asked.password_file.empty()) text += " --password-file " + shell_word(asked.password_file);
    if (!asked.settings.file.empty()) text += " --settings " + shell_word(asked.settings.file);
    return text;
}

void Consultation::unseen(const std::string& about, const std::string& subject, const Error& why) {
    findings.add({.severity = Severity::info, .about = about, .subject = subject, .what = "could not be looked at: " + why.message(), .remedy = why.advice()});
}

Result<DoctorReport> doctor(Context& outer, const DoctorRequest& request) {
    TRY(expect_new_file(outer, request.report));
    Context context = outer;
    context.may_ask = false;     // what needs a password that nobody has given is said
    context.audit = nullptr;     // looking leaves nothing in a log
    context.lock_wait_ms = 1000;
    Consultation consultation{.context = context, .request = request};
    look_at_own_sqlite(consultation);
    look_at_settings(consultation);
    look_at_repository(consultation);
    look_at_backups(consultation);
    look_at_clock(consultation);
    look_at_schedule(consultation);

    DoctorReport report;
    for (auto& patient : patients(consultation)) {
        TRY(context.watch.go_on());
        look_at(consultation, patient);
        report.databases.push_back(patient.path);
    }
    look_at_restores(consultation, report.databases);
    if (consultation.repository) report.repository = consultation.repository->path();
    report.settings = consultation.settings->file;
    report.findings = consultation.findings.all();
    report.faults = count(report.findings, Severity::fault);
    report.warnings = count(report.findings, Severity::warning);
    if (request.report.empty()) return report;
    TRY(write_report(context, request.report, report_for_others(consultation, report)));
    report.report = request.report;
    return report;
}

}  // namespace holdfast::operations

// What SQLite itself says of a database: its own check, of the image as a backup would take it.
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/doctor_looks.h"
#include "holdfast/operations/keep_database.h"

namespace holdfast::operations {

namespace {

using Verdict = sqlite::CheckOutcome::Verdict;

Finding damaged(Consultation& consultation, const Patient& patient, const std::string& what) {
    return {.severity = Severity::fault, .about = "content", .subject = patient.path, .what = format("damaged: {}", what), .why = "rows are lost, or will be; the longer it is used the more",
            .remedy = consultation.command("maintain check " + shell_word(patient.path)) + " tells the ways on, the newest good backup first", .may_quote = true};
}

}  // namespace

void look_at_content(Consultation& consultation, const Patient& patient) {
    const std::string check = consultation.command("maintain check " + shell_word(patient.path));
    if (patient.status->size > consultation.request.content_bytes_max) {
        consultation.findings.add({.severity = Severity::info, .about = "content", .subject = patient.path, .what = format("not read through: it has {}", human_bytes(patient.status->size)), .remedy = check});
        return;
    }
    sqlite::CheckOutcome outcome;
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        outcome = TRY(check_image(image, consultation.context.watch));
        return {};
    };
    const auto checked = live::with_frozen(consultation.context.host, patient.path, freeze_options(consultation.context), {.first_look = {}, .use = use});
    if (!checked && checked.error().code() == ErrorCode::corrupt) return consultation.findings.add(damaged(consultation, patient, checked.error().message()));
    if (!checked && checked.error().code() == ErrorCode::busy) {
        consultation.findings.add({.severity = Severity::warning, .about = "content", .subject = patient.path, .what = checked.error().message(), .why = "backups and other readers have to wait as well",
                                   .remedy = "end the transaction that holds it; then " + check});
        return;
    }
    if (!checked) return consultation.unseen("content", patient.path, checked.error());
    const std::string first = outcome.findings.empty() ? std::string() : outcome.findings.front();
    if (outcome.verdict == Verdict::damaged) return consultation.findings.add(damaged(consultation, patient, first));
    if (outcome.verdict == Verdict::ok) return consultation.findings.add({.severity = Severity::ok, .about = "content", .subject = patient.path, .what = "SQLite's check finds it whole"});
    consultation.findings.add({.severity = Severity::info, .about = "content", .subject = patient.path, .what = format("SQLite could not check all of it: {}", first), .why = "it needs what the application brings along", .remedy = {}, .may_quote = true});
}

}  // namespace holdfast::operations

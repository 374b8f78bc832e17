// The file of a database: there, a database, with which names, and what lies beside it.
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/sidecars.h"
#include "holdfast/operations/doctor_looks.h"
#include "holdfast/operations/keep_database.h"

namespace holdfast::operations {

namespace {

void add_names(Consultation& consultation, const Patient& patient) {
    auto& files = consultation.context.host.files;
    const auto link = files.status_of_link(patient.named);
    const auto names = patient.status->links;
    if (names > 1) {
        consultation.findings.add({.severity = Severity::warning, .about = "file", .subject = patient.path, .what = format("the file has {} names (hard links)", names),
                                   .why = "SQLite names the -wal and -journal after the name by which a program opens it: two programs with two names do not see each other's transactions, and damage the database",
                                   .remedy = format("find the others: find / -xdev -samefile {}; make them symbolic links", shell_word(patient.path))});
    }
    if (!link || link->kind != host::FileKind::link) return;
    consultation.findings.add({.severity = Severity::info, .about = "file", .subject = patient.path, .what = format("{} is a link to it", printable(patient.named))});
    for (const char* ending : {"-wal", "-journal"}) {
        const auto beside = files.status(patient.named + ending);
        if (!beside || patient.named + ending == patient.path + ending) continue;
        consultation.findings.add({.severity = Severity::warning, .about = "file", .subject = patient.named + ending, .what = "lies beside the link, not beside the database",
                                   .why = "SQLite looks beside the database, so nobody reads it: it is left over from a time before the link, or holds what was never written back",
                                   .remedy = format("mv {} {}", shell_word(patient.named + ending), shell_word(patient.named + ending + ".aside"))});
    }
}

void add_header(Consultation& consultation, Patient& patient) {
    const std::string restore = consultation.command("restore latest --only " + shell_word(patient.path));
    if (patient.status->size == 0) {
        consultation.findings.add({.severity = Severity::warning, .about = "file", .subject = patient.path, .what = "has no byte",
                                   .why = "SQLite takes it for an empty database; an application whose data should be here has lost them", .remedy = consultation.command("list --source " + shell_word(patient.path)) + "; " + restore});
        return;
    }
    const auto files = live::open_database_files(consultation.context.host, patient.path, freeze_options(consultation.context));
    if (!files) return consultation.unseen("file", patient.path, files.error());
    const auto bytes = live::first_bytes(files->main, sqlite::database_header_size);
    if (!bytes) return consultation.unseen("file", patient.path, bytes.error());
    const auto header = sqlite::parse_database_header(*bytes);
    if (!header) {
        consultation.findings.add({.severity = Severity::fault, .about = "file", .subject = patient.path, .what = header.error().message(),
                                   .why = "no program can open it as it is", .remedy = consultation.command("restore last-good --only " + shell_word(patient.path) + " --dry-run")});
        return;
    }
    patient.has_header = true;
    patient.is_wal = header->is_wal();
    consultation.findings.add({.severity = Severity::ok, .about = "file", .subject = patient.path,
                               .what = format("a database of {}, {} mode, pages of {} bytes", human_bytes(patient.status->size), header->is_wal() ? "WAL" : "rollback", header->page_size.bytes())});
}

Finding finding_of(const live::SidecarSeen& seen, const Patient& patient) {
    Finding finding{.severity = Severity::ok, .about = "file", .subject = seen.path, .what = {}};
    const std::string aside = format("mv {} {}", shell_word(seen.path), shell_word(seen.path + ".aside"));
    switch (seen.state) {
        case live::SidecarState::in_use: finding.what = "in use"; break;
        case live::SidecarState::harmless: finding.what = "holds nothing that counts"; break;
        case live::SidecarState::leftover_wal:
            finding.severity = Severity::info;
            finding.what = format("left by a program that died; {} pages of its last commits are in it", seen.pages);
            finding.why = "they are part of the database and nowhere else: do not remove it; the next program that opens the database takes them in, and backups hold them";
            break;
        case live::SidecarState::doubtful_wal: {
            const std::string database = shell_word(patient.path), wal = shell_word(seen.path);
            finding.severity = Severity::warning;
            finding.what = format("left by a program that died; {} pages of its last commits are in it, and {}", seen.pages, seen.why);
            finding.why = "either a backup was copied over the database: then this -wal brings newer rows back into it, or damages it; or both files belong together (copied one after the other): then these commits are nowhere else. "
                          "The next program that opens the database takes them in for good";
            finding.remedy = format("stop the application, and look at both copies: mkdir -p with without && cp {0} {1} with/ && cp {0} without/, then sqlite3 with/{2} and sqlite3 without/{2}; if it is the one without: mv {1} {3}",
                                    database, wal, shell_word(host::file_name_of(patient.path)), shell_word(seen.path + ".aside"));
            break;
        }
        case live::SidecarState::hot_journal:
            finding.severity = Severity::info;
            finding.what = format("left by a program that died within a transaction; {} pages go back to what they were", seen.pages);
            finding.why = "without it the database is damaged: do not remove it, nor copy the database without it; the next program that opens the database takes it back, and backups are as if that had happened";
            break;
        case live::SidecarState::no_database:
            finding.severity = Severity::fault;
            finding.what = format("{} without a database", human_bytes(seen.size));
            finding.why = "the database was removed or moved without it; beside a restored or new database SQLite would take it in, and show old rows or damage";
            finding.remedy = format("{}; then holdfast restore latest --only {}", aside, shell_word(patient.path));
            break;
        case live::SidecarState::other_database:
            finding.severity = Severity::fault;
            finding.what = format("is of another database: {}", seen.why);
            finding.why = "the next program that opens the database takes it in, and damages it";
            finding.remedy = format("stop the application, then {}", aside);
            break;
        case live::SidecarState::unreadable:
            finding.severity = Severity::warning;
            finding.what = format("cannot be judged: {}", seen.why);
            finding.why = "it may hold commits, or what a broken transaction must put back";
            finding.remedy = format("holdfast maintain check {}", shell_word(patient.path));
            break;
    }
    return finding;
}

}  // namespace

void look_at_file(Consultation& consultation, Patient& patient) {
    auto status = host::status_if_any(consultation.context.host.files, patient.path);
    if (!status) return consultation.unseen("file", patient.path, status.error());
    patient.status = *status;
    if (!patient.status) {
        consultation.findings.add({.severity = Severity::fault, .about = "file", .subject = patient.path, .what = "is not there", .why = "it was removed, moved, or is named wrongly",
                                   .remedy = format("{}; {}", consultation.command("list --source " + shell_word(patient.path)), consultation.command("restore latest --only " + shell_word(patient.path)))});
        return;
    }
    if (patient.status->kind != host::FileKind::regular) {
        consultation.findings.add({.severity = Severity::fault, .about = "file", .subject = patient.path, .what = "is not a file", .why = "a database is a file", .remedy = "name the database's own file"});
        return;
    }
    add_names(consultation, patient);
    add_header(consultation, patient);
}

void look_at_sidecars(Consultation& consultation, const Patient& patient) {
    const auto seen = live::sidecars_of(consultation.context.host, patient.path, freeze_options(consultation.context));
    if (!seen) return consultation.unseen("file", patient.path, seen.error());
    for (const auto& one : *seen) consultation.findings.add(finding_of(one, patient));
}

}  // namespace holdfast::operations

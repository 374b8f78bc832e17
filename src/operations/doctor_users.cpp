// Who has a database open: locks that were dropped, files that were replaced under a program, long writers, and the WAL.
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/live/wal_state.h"
#include "holdfast/operations/doctor_looks.h"
#include "holdfast/operations/keep_database.h"

namespace holdfast::operations {

namespace {

void add_dropped_locks(Findings& findings, const Patient& patient, const live::DatabaseUser& user) {
    if (!user.has_dropped_locks()) return;
    if (user.lacks_write_lock) {
        findings.add({.severity = Severity::fault, .about = "users", .subject = patient.path, .what = format("{} is within a transaction, and has lost its write lock", live::in_words(user)),
                      .why = "a program that opens and closes the database file beside SQLite (to copy, hash or chmod it) drops all of its own locks: others then take its journal for a leftover, roll back what it is writing, or write at the same time: the database is damaged",
                      .remedy = format("restart process {}, and have the application not open the file but by SQLite; then holdfast maintain check {}", user.process, shell_word(patient.path))});
        return;
    }
    const std::string which = user.lacks_main_lock && user.lacks_index_lock ? "on the database and its -shm" : user.lacks_main_lock ? "on the database" : "on the -shm";
    if (user.is_forked) {
        findings.add({.severity = Severity::warning, .about = "users", .subject = patient.path,
                      .what = format("{} inherited the open database from its parent, without locks {}", live::in_words(user), which),
                      .why = "a connection carried through fork has no locks: what such a child writes can damage the database, and when it closes a file its parent is told nothing",
                      .remedy = "have the application open its connections after fork, and close none before"});
        return;
    }
    findings.add({.severity = Severity::fault, .about = "users", .subject = patient.path, .what = format("{} is connected, and has lost its locks {}", live::in_words(user), which),
                  .why = "a program that opens and closes the database file beside SQLite (to copy, hash or chmod it) drops all of its own locks: others then take the WAL away under it, and commits are lost or the database is damaged",
                  .remedy = format("restart process {}, and have the application not open the file but by SQLite; then holdfast maintain check {}", user.process, shell_word(patient.path))});
}

void add_gone_files(Findings& findings, const Patient& patient, const live::DatabaseUser& user) {
    for (const auto& name : user.gone) {
        findings.add({.severity = Severity::fault, .about = "users", .subject = patient.path,
                      .what = format("{} has a {} open that was removed or replaced", live::in_words(user), printable(host::file_name_of(name))),
                      .why = "what it commits goes into a file that nobody else sees, and is gone when it ends; what it alone still has can be copied out of /proc until then",
                      .remedy = format("if its rows are needed: copy the file by /proc/{}/fd first (ls -l /proc/{}/fd); then restart the application", user.process, user.process)});
    }
}

void add_writer(Findings& findings, const Patient& patient, const live::DatabaseUser& user) {
    if (!user.is_writing) return;
    findings.add({.severity = Severity::warning, .about = "users", .subject = patient.path, .what = format("{} holds the write lock, and not just for a moment", live::in_words(user)),
                  .why = "others get \"database is locked\" until its transaction ends", .remedy = format("wait, or end that transaction: ps -fp {} tells what it is", user.process)});
}

std::string in_words(const live::DatabaseUsers& users) {
    std::string words;
    for (const auto& user : users.found) words += (words.empty() ? "" : ", ") + live::in_words(user);
    return words;
}

}  // namespace

void look_at_users(Consultation& consultation, Patient& patient) {
    auto users = live::users_of(consultation.context.host, patient.path);
    if (!users) return consultation.unseen("users", patient.path, users.error());
    auto& findings = consultation.findings;
    findings.add({.severity = Severity::ok, .about = "users", .subject = patient.path,
                  .what = users->found.empty() ? std::string("no process has it open that could be seen") : "open in " + in_words(*users)});
    for (const auto& user : users->found) {
        if (users->saw_locks) add_dropped_locks(findings, patient, user);
        add_gone_files(findings, patient, user);
        add_writer(findings, patient, user);
    }
    if (!users->saw_every_process) {
        findings.add({.severity = Severity::info, .about = "users", .subject = patient.path, .what = "processes of other users could not be looked at", .why = "they may have it open, too",
                      .remedy = "sudo " + consultation.command("doctor " + shell_word(patient.path))});
    }
    if (!users->saw_locks) findings.add({.severity = Severity::info, .about = "users", .subject = patient.path, .what = "locks could not be looked at: /proc/locks cannot be read"});
    patient.users = std::move(users).value();
}

void look_at_wal(Consultation& consultation, const Patient& patient) {
    constexpr std::uint64_t large = 64ull << 20;
    if (!patient.has_header) return;
    const auto state = live::state_of_wal(consultation.context.host, patient.path, freeze_options(consultation.context));
    if (!state) return consultation.unseen("wal", patient.path, state.error());
    if (state->file_size == 0) return;
    const std::uint64_t waiting = std::uint64_t{state->waiting} * state->page_size;
    const bool is_bloated = state->file_size >= large;
    const std::string what = format("the WAL has {}{}", human_bytes(state->file_size), state->is_connected ? format("; {} of it are not in the database yet", human_bytes(waiting)) : std::string());
    if (!is_bloated) return consultation.findings.add({.severity = Severity::ok, .about = "wal", .subject = patient.path, .what = what});
    Finding finding{.severity = Severity::warning, .about = "wal", .subject = patient.path, .what = what,
                    .why = "reads become slow, and the file only grows while a reader keeps checkpoints from writing it back", .remedy = {}};
    if (!state->pins.empty()) {
        const auto& oldest = state->pins.front();
        finding.what += format("; process {} ({}) reads the database as it was {} frames ago", oldest.process, printable(oldest.command), state->frames - oldest.up_to);
        finding.remedy = format("end the read transaction of process {} (a cursor left open, a report, a shell: ps -fp {}), then: sqlite3 {} 'PRAGMA wal_checkpoint(TRUNCATE)'", oldest.process, oldest.process, shell_word(patient.path));
    } else if (!state->is_connected) {
        finding.severity = Severity::info;
        finding.why = "nobody is connected: the next to open the database and close it writes it back";
    } else if (waiting < large) {
        finding.severity = Severity::info;
        finding.why = "it was larger once, and is used again from its start: it takes room, and does no harm";
        finding.remedy = format("sqlite3 {} 'PRAGMA wal_checkpoint(TRUNCATE)'", shell_word(patient.path));
    } else {
        finding.remedy = format("sqlite3 {} 'PRAGMA wal_checkpoint(TRUNCATE)'", shell_word(patient.path));
    }
    consultation.findings.add(std::move(finding));
}

}  // namespace holdfast::operations

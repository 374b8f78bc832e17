// Which SQLite is at work: ours, and that of the programs that have the database open.
#include "holdfast/base/text.h"
#include "holdfast/host/program_files.h"
#include "holdfast/operations/doctor_looks.h"
#include "holdfast/sqlite/embedded_version.h"
#include "holdfast/sqlite/version.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view mended_by = "SQLite 3.51.3 or newer (or 3.44.6, 3.50.7), or a package whose changelog names the fix of the WAL-reset bug";

// Libraries named after SQLite first: a program that loads one has no other. Else it may hold its own.
Result<std::optional<sqlite::Version>> version_used_by(Context& context, std::int64_t process) {
    const auto files = TRY(host::program_files_of(process));
    for (const bool is_library : {true, false}) {
        for (const auto& file : files) {
            const bool is_named_so = host::file_name_of(file.name).find("sqlite") != std::string::npos;
            if (file.is_gone || (is_library ? !is_named_so : !file.is_program)) continue;
            const auto version = sqlite::embedded_version(context.host.files, file.path);
            if (version && *version) return *version;
        }
    }
    return std::optional<sqlite::Version>();
}

}  // namespace

void look_at_own_sqlite(Consultation& consultation) {
    const std::string text = sqlite::library_version();
    const auto version = sqlite::parse_version(text);
    const bool has_bug = version && sqlite::has_wal_reset_bug(*version);
    Finding finding{.severity = has_bug ? Severity::info : Severity::ok, .about = "sqlite", .subject = {}, .what = format("holdfast runs with SQLite {}", text)};
    if (has_bug) finding.why = "versions 3.7.0 to 3.51.2 have the WAL-reset bug, unless the distribution has mended it; holdfast keeps out of its way, by not checkpointing beside writers";
    consultation.findings.add(std::move(finding));
}

void look_at_sqlite_of_users(Consultation& consultation, const Patient& patient) {
    if (!patient.users) return;
    std::uint64_t connections = 0;
    for (const auto& user : patient.users->found) connections += user.connections;
    for (const auto& user : patient.users->found) {
        if (user.connections == 0) continue;
        const auto version = version_used_by(consultation.context, user.process);
        if (!version || !*version) {
            consultation.findings.add({.severity = Severity::info, .about = "sqlite", .subject = patient.path, .what = format("which SQLite {} uses cannot be told", live::in_words(user))});
            continue;
        }
        // The bug needs two connections at once, and a WAL.
        const bool is_at_risk = sqlite::has_wal_reset_bug(**version) && patient.is_wal && connections >= 2;
        Finding finding{.severity = is_at_risk ? Severity::warning : Severity::ok, .about = "sqlite", .subject = patient.path,
                        .what = format("{} uses SQLite {}", live::in_words(user), (*version)->text())};
        if (is_at_risk) {
            finding.why = format("unless it was mended by the distribution, this version has the WAL-reset bug: with {} connections in WAL mode a checkpoint beside a commit can damage the database, if rarely", connections);
            finding.remedy = format("have the application use {}", mended_by);
        }
        consultation.findings.add(std::move(finding));
    }
}

}  // namespace holdfast::operations

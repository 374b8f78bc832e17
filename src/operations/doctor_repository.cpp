// The repository: whether it opens, what it lost or was left with, and the backups in it.
#include <algorithm>
#include <map>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/doctor_looks.h"
#include "holdfast/operations/listed_backup.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/repository/lease.h"
#include "holdfast/repository/ledger.h"

namespace holdfast::operations {

namespace {

constexpr std::uint32_t others_may = 0006;

std::vector<std::string> canonical_databases(const Consultation& consultation) {
    std::vector<std::string> found;
    for (const auto& name : consultation.request.databases) {
        if (const auto path = canonical_name(consultation.context, name)) found.push_back(*path);
    }
    return found;
}

// Settings as they were read: what is wrong in them is told already, and keeps nobody from looking at the repository.
RepositoryRequest with_settings_read(const Consultation& consultation) {
    auto request = consultation.request.repository;
    request.settings.loaded = consultation.settings;
    return request;
}

void add_failure(Consultation& consultation, const std::string& place, const Error& why) {
    Finding finding{.severity = Severity::fault, .about = "repository", .subject = place, .what = why.message(), .remedy = why.advice()};
    switch (why.code()) {
        case ErrorCode::not_found:
            finding.severity = Severity::warning;
            finding.why = "there are no backups that could be found from here";
            if (consultation.request.databases.size() == 1) finding.remedy = consultation.command("backup " + shell_word(consultation.request.databases.front()));
            break;
        case ErrorCode::denied:
            finding.severity = Severity::warning;
            finding.why = "what is in it could not be looked at: it is sealed and its key was not given, or this user may not read it";
            if (finding.remedy.empty()) finding.remedy = consultation.command("doctor --key-file FILE");
            break;
        case ErrorCode::too_new: finding.why = "another version of holdfast wrote it: this one neither reads nor changes it"; break;
        case ErrorCode::corrupt: finding.why = "backups in it cannot be read as long as that is so"; break;
        default: finding.why = "backups and restores fail for the same reason"; break;
    }
    if (finding.remedy.empty()) finding.remedy = "put back what is damaged from any copy of this repository; until then: holdfast init -r ANOTHER_FOLDER, and back up there";
    consultation.findings.add(std::move(finding));
}

void add_rights(Consultation& consultation, const std::string& place, bool is_sealed) {
    const auto status = consultation.context.host.files.status(place);
    if (status && (status->mode & others_may) != 0) {
        consultation.findings.add({.severity = is_sealed ? Severity::info : Severity::warning, .about = "repository", .subject = place, .what = format("everybody may look into it (mode {:o})", status->mode),
                                   .why = is_sealed ? "it is sealed, but its sizes and times tell something" : "it is not sealed: whoever may read it reads every backup", .remedy = "chmod o-rwx " + shell_word(place)});
    }
    const auto writable = consultation.context.host.files.expect_writable(place);
    if (writable) return;
    consultation.findings.add({.severity = Severity::warning, .about = "repository", .subject = place, .what = writable.error().message(), .why = "this user cannot back up into it; restores work",
                               .remedy = status ? format("run holdfast as user {}: sudo -u '#{}' holdfast ...", status->owner, status->owner) : std::string()});
}

// What processes left that died: claims are in the status; here are leases, and snapshots of which one copy is missing.
void add_leftovers(Consultation& consultation, const repository::Repository& repository, const std::string& place) {
    const std::string prune = consultation.command("prune");
    const auto leases = repository::read_leases(repository.store(), repository.keys());
    if (!leases) consultation.unseen("repository", place, leases.error());
    const auto dead = leases ? std::ranges::count_if(*leases, [](const auto& lease) { return !lease.number || host::is_alive(lease.by.process) == host::Alive::no; }) : 0;
    if (dead > 0) {
        consultation.findings.add({.severity = Severity::info, .about = "repository", .subject = place, .what = format("{} leases of readers that died", dead), .why = "they keep prune from dropping what was being read, for a day at most", .remedy = prune});
    }
    const auto ledger = repository::read_ledger(repository.store(), repository.keys());
    if (!ledger) return consultation.unseen("repository", place, ledger.error());
    for (const auto& kept : ledger->snapshots) {
        if ((kept.has_name && kept.has_copy) || ledger->gaps.numbers.contains(kept.number)) continue;
        consultation.findings.add({.severity = Severity::warning, .about = "repository", .subject = place, .what = format("the record of backup #{} is there once, and should be twice", kept.number.value),
                                   .why = "the second one stands in when the first is damaged", .remedy = prune});
    }
}

void add_damage(Consultation& consultation, const repository::Repository& repository, const std::string& place) {
    for (const auto& damage : consultation.status->damage) {
        consultation.findings.add({.severity = Severity::fault, .about = "repository", .subject = place, .what = damage, .why = "that backup cannot be restored as it is", .remedy = consultation.command("verify --all")});
    }
    for (const auto& left : consultation.status->unfinished) {
        const bool is_at_work = left.ends_with("at work");
        consultation.findings.add({.severity = is_at_work ? Severity::ok : Severity::info, .about = "repository", .subject = place, .what = "unfinished: " + left,
                                   .why = is_at_work ? std::string() : "it takes room, and nothing else", .remedy = is_at_work ? std::string() : consultation.command("prune")});
    }
    const auto missing = repository.missing_packs();
    if (!missing) return consultation.unseen("repository", place, missing.error());
    if (missing->empty()) return;
    consultation.findings.add({.severity = Severity::fault, .about = "repository", .subject = place, .what = format("{} packs are gone that its index names", missing->size()),
                               .why = "backups that need them cannot be restored whole", .remedy = consultation.command("verify --all") + "; copy the missing files of packs/ back from any copy of the repository; the next backup stores what the databases still have"});
}

void add_room(Consultation& consultation, const std::string& place) {
    const auto& status = *consultation.status;
    Finding finding{.severity = Severity::ok, .about = "room", .subject = place, .what = format("it has {}, {} are free", human_bytes(status.repository_bytes), human_bytes(status.free_bytes))};
    if (status.gain) {
        const bool is_too_little = status.too_little_room;
        finding.severity = is_too_little ? Severity::fault : Severity::warning;
        finding.what += status.gain->in_words();
        finding.why = "on a full disk there will be no backup";
        finding.remedy = consultation.command("forget --policy") + "; " + consultation.command("prune --grace 0");
    }
    consultation.findings.add(std::move(finding));
}

// Without settings nothing but what is certain is a fault.
void look_inside(Consultation& consultation) {
    OpenRepository& opened = *consultation.repository;
    const auto policies = policies_of(consultation.settings->settings);
    auto status = status_of(consultation.context, opened, {.loaded = *consultation.settings, .targets = targets_of(*consultation.settings), .policies = policies ? *policies : Policies{}});
    const auto& config = opened.get().config();
    consultation.findings.add({.severity = Severity::ok, .about = "repository", .subject = opened.path(),
                               .what = format("format draft {}, {}", repository::format_version & 0x0F, config.sealed ? "sealed" : "not sealed")});
    if (!status) return consultation.findings.add({.severity = Severity::fault, .about = "repository", .subject = opened.path(), .what = status.error().message(), .why = "backups may be lost", .remedy = consultation.command("verify --all")});
    consultation.status = std::move(status).value();
    add_rights(consultation, opened.path(), config.sealed);
    add_leftovers(consultation, opened.get(), opened.path());
    const auto index = opened.get().open_index();
    if (!index) consultation.unseen("repository", opened.path(), index.error());
    else add_damage(consultation, opened.get(), opened.path());
    add_room(consultation, opened.path());
    look_at_file_system(consultation, opened.path(), "repository");
}

void add_source(Consultation& consultation, const SourceStatus& source) {
    auto& findings = consultation.findings;
    const std::string subject = source.paths.empty() ? std::string() : source.paths.front();
    if (!source.last_backup) {
        findings.add({.severity = Severity::fault, .about = "backups", .subject = subject, .what = "no backup of it is whole and undamaged", .why = "it cannot be restored", .remedy = consultation.command("backup " + shell_word(subject))});
    } else {
        findings.add({.severity = Severity::ok, .about = "backups", .subject = subject, .what = format("the last backup is #{}, made {}", source.last_number, human_age(source.age_s.value_or(0)))});
    }
    if (source.last_verified.find("damage") != std::string::npos) {
        findings.add({.severity = Severity::fault, .about = "backups", .subject = subject, .what = format("the last verification found damage: {}", source.last_verified), .why = "what it names cannot be restored whole",
                      .remedy = consultation.command("verify --all") + "; the next backup stores again what the database still has", .may_quote = true});
    }
    for (const auto& missed : source.missed) {
        const bool is_told_of_files = std::ranges::find(source.interrupted, missed) != source.interrupted.end();
        if (is_told_of_files) continue;
        findings.add({.severity = Severity::warning, .about = "backups", .subject = subject, .what = "target missed: " + missed, .why = "the settings ask for it", .remedy = consultation.command("status")});
    }
    if (source.proven_at) findings.add({.severity = Severity::ok, .about = "backups", .subject = subject, .what = format("the newest proven backup is #{}, made {}", source.proven_number, human_age(source.proven_age_s.value_or(0)))});
    else if (source.missed.empty()) findings.add({.severity = Severity::info, .about = "backups", .subject = subject, .what = "no backup of it was ever proven", .why = "a backup is known to restore once it was restored", .remedy = consultation.command("drill")});
}

}  // namespace

void look_at_repository(Consultation& consultation) {
    const OpenHow how{.databases = canonical_databases(consultation), .create_default = false, .low_priority = false, .without_cache = true};
    const auto request = with_settings_read(consultation);
    const auto place = find_repository(consultation.context, request, how);
    const std::string path = place ? place->path : std::string();
    auto opened = place ? open_repository(consultation.context, request, how) : Result<std::unique_ptr<OpenRepository>>(place.error().copy());
    if (!opened) return add_failure(consultation, path, opened.error());
    consultation.repository = std::move(opened).value();
    look_inside(consultation);
}

void look_at_backups(Consultation& consultation) {
    if (!consultation.status) return;
    if (consultation.status->sources.empty() && consultation.request.databases.empty()) {
        consultation.findings.add({.severity = Severity::warning, .about = "backups", .subject = consultation.status->repository, .what = "there is no backup", .why = "nothing can be restored", .remedy = consultation.command("backup")});
    }
    for (const auto& source : consultation.status->sources) add_source(consultation, source);
}

void look_at_past(Consultation& consultation, const Patient& patient) {
    if (!consultation.status) return;
    const auto has_it = [&](const SourceStatus& source) { return std::ranges::find(source.paths, patient.path) != source.paths.end(); };
    if (std::ranges::any_of(consultation.status->sources, has_it)) return;
    consultation.findings.add({.severity = Severity::warning, .about = "backups", .subject = patient.path, .what = "there is no backup of it in this repository", .why = "it cannot be brought back",
                               .remedy = consultation.command("backup " + shell_word(patient.path))});
}

// Ages, retention and RPO go by the clock.
void look_at_clock(Consultation& consultation) {
    if (!consultation.status) return;
    constexpr std::int64_t jump_s = 3600;
    const auto listed = history::list_moments(consultation.repository->get(), {.source = {}, .path = {}, .with_forgotten = true});
    if (!listed) return consultation.unseen("clock", consultation.status->repository, listed.error());
    const auto now = consultation.context.host.clock.now();
    std::vector<std::string> of_future, of_jumps, misdated;
    const history::Moment* before = nullptr;
    for (const auto& moment : listed->moments) {
        if (moment.notes.forgotten && history::is_adopted(moment.snapshot)) continue;
        if (history::is_misdated(moment.snapshot)) misdated.push_back(format("#{}", moment.snapshot.number.value));
        if (history::is_adopted(moment.snapshot)) continue;
        const auto time = moment.snapshot.time;
        if (history::is_in_future(time, now)) of_future.push_back(format("#{}", moment.snapshot.number.value));
        const bool is_back = before != nullptr && time.nanoseconds < before->snapshot.time.nanoseconds - jump_s * nanoseconds_per_second;
        if (is_back) of_jumps.push_back(format("#{}", moment.snapshot.number.value));
        before = &moment;
    }
    const auto add = [&](const std::vector<std::string>& numbers, const char* what, const char* why, const char* remedy = "timedatectl status") {
        if (numbers.empty()) return;
        consultation.findings.add({.severity = Severity::warning, .about = "clock", .subject = consultation.status->repository,
                                   .what = format("{} {}{}", what, numbers.front(), numbers.size() > 1 ? format(" and {} more", numbers.size() - 1) : ""), .why = why, .remedy = remedy});
    };
    add(misdated, "adopted with times of the future:", "the files that they come from were dated wrongly: latest passes over them while there are others, and retention keeps them as the newest",
        "holdfast list; holdfast forget NUMBER");
    add(of_future, "backups are of the future:", "the clock was wrong then, or is wrong now: until it has come by, retention keeps them as the newest");
    add(of_jumps, "the clock went back by more than an hour before", "retention and --at go by times: those backups seem older than they are, or the ones before younger");
}

}  // namespace holdfast::operations

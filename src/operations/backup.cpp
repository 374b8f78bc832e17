#include "holdfast/operations/backup.h"

#include <algorithm>
#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/operations/apply_retention.h"
#include "holdfast/operations/backup_in_use.h"
#include "holdfast/operations/backup_order.h"
#include "holdfast/operations/doubted_source.h"
#include "holdfast/operations/look_at_expectations.h"
#include "holdfast/operations/named_databases.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/plain_copies.h"
#include "holdfast/operations/record_backup.h"
#include "holdfast/operations/rehearse_backup.h"
#include "holdfast/operations/rest_of_source.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/source_of_databases.h"

namespace holdfast::operations {

namespace {

Result<void> confirm(Context& context, repository::Repository& repository, repository::SnapshotNumber number) {
    repository::Note note;
    note.type = repository::NoteType::seen;
    note.time = context.host.clock.now();
    return repository.add_note(number, note);
}

void describe_snapshot(BackupReport& report, const repository::Snapshot& snapshot) {
    report.number = snapshot.number.value;
    report.id = snapshot.id.hex();
    report.time = snapshot.time;
    report.source = snapshot.source.name;
    report.kind = name_of(snapshot.kind);
    report.operation = snapshot.operation;
    report.comment = snapshot.comment;
    report.partial = snapshot.partial;
    report.damaged = snapshot.damaged;
    report.logical_bytes = snapshot.statistics.logical_bytes;
    report.bytes_stored = snapshot.statistics.bytes_stored;
}

BackupReport report_of(RecordedBackup recorded) {
    BackupReport report;
    report.confirmed_only = recorded.confirmed.has_value();
    describe_snapshot(report, recorded.confirmed ? *recorded.confirmed : *recorded.snapshot);
    if (report.confirmed_only) report.bytes_stored = 0;
    for (const auto& member : recorded.members) {
        report.bytes_read += member.bytes_read;
        report.pages_read += member.page_size == 0 ? 0 : member.bytes_read / member.page_size;
        report.pages_changed += member.pages_changed;
        report.writers_blocked_ms = std::max(report.writers_blocked_ms, member.writers_blocked_ms);
    }
    report.databases = std::move(recorded.members);
    report.warnings = std::move(recorded.warnings);
    return report;
}

void forget_what_policy_drops(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot, const LoadedSettings& loaded,
                              BackupReport& report) {
    const auto policies = policies_of(loaded.settings);
    if (!policies) return report.warnings.push_back("no retention was applied: " + policies.error().message());
    auto applied = apply_retention(context, repository, snapshot, *policies);
    report.forgotten = std::move(applied.forgotten);
    std::ranges::move(applied.warnings, std::back_inserter(report.warnings));
}

// A disk that fails takes both with it.
void warn_of_one_disk(Context& context, const OpenRepository& opened, bool is_first, BackupReport& report) {
    const auto repository = context.host.files.status(opened.path());
    const auto database = context.host.files.status(report.databases.front().path);
    const bool is_one = repository && database && repository->device == database->device;
    if (opened.was_created()) {
        report.repository_note = format("made the repository {} beside the database", printable(opened.path()));
        if (is_one) report.repository_note += "; it is on the same disk, so a failing disk takes both: -r puts it elsewhere";
    } else if (is_one && !opened.is_default() && is_first) {
        report.warnings.push_back("the repository is on the same disk as the database: a failing disk takes both");
    }
}

// What root writes is root's. It is not given away: in a folder of somebody else's, that could be led anywhere by links.
void warn_of_roots_files(Context& context, const OpenRepository& opened, BackupReport& report) {
    const auto repository = context.host.files.status(opened.path());
    if (!host::is_superuser() || !repository || repository->owner == 0) return;
    report.warnings.push_back(format("the repository belongs to user {0}, who cannot read what root stores in it: run holdfast as that "
                                     "user (sudo -u '#{0}'), and give what is there back with chown -R", repository->owner));
}

// What does not hold is told, and stops nothing: a backup of what has gone wrong is better than none.
std::vector<UnmetThing> look_at_what_is_expected(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot,
                                                 const LoadedSettings& loaded, BackupReport& report) {
    std::vector<UnmetThing> none;
    const auto expectations = expectations_of(loaded, snapshot.source.name);
    if (expectations.empty() || snapshot.damaged) return none;
    auto results = look_at_backup(context, repository, snapshot, expectations);
    if (!results) {
        report.warnings.push_back("what the settings expect could not be looked at: " + results.error().message());
        return none;
    }
    report.expectations = std::move(*results);
    return unmet_among(report.expectations);
}

// Whatever the settings expect: an application that lost its database starts with an empty one, and notices nothing.
std::vector<UnmetThing> look_for_emptied(const repository::Repository& repository, const repository::Snapshot& snapshot, BackupReport& report) {
    auto emptied = emptied_in(repository, snapshot);
    if (emptied) return std::move(*emptied);
    report.warnings.push_back("what the backup before held could not be looked at: " + emptied.error().message());
    return {};
}

// Noted on the backup, so that it does not become the measure of the next ones, and status goes on telling.
void look_at_content(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot, const LoadedSettings& loaded, BackupReport& report) {
    auto unmet = look_at_what_is_expected(context, repository, snapshot, loaded, report);
    std::ranges::move(look_for_emptied(repository, snapshot, report), std::back_inserter(unmet));
    if (unmet.empty()) return;
    report.unmet = true;
    const bool is_loss = std::ranges::any_of(unmet, [](const UnmetThing& thing) { return !thing.lost.empty(); });
    for (const auto& thing : unmet) report.warnings.push_back(format("expected: {}; {}", printable(thing.what), thing.why));
    if (is_loss) report.warnings.push_back(format("if this loss is right: {}", accepting_command(snapshot.number)));
    const auto noted = note_expected(context, repository, snapshot.number, unmet);
    if (!noted) report.warnings.push_back("what does not hold could not be noted: " + noted.error().message());
}

// Nothing is read but what its notes say.
void tell_of_confirmed(const repository::NoteSummary& notes, BackupReport& report) {
    for (const auto& line : unmet_by_notes(notes)) {
        report.unmet = true;
        report.warnings.push_back("expected, and since then nothing has changed: " + line);
    }
}

// A backup that lacks something must not push out the ones that have it.
void apply_policy_if_met(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot, const LoadedSettings& loaded, BackupReport& report) {
    if (report.damaged) return;
    if (!report.unmet) return forget_what_policy_drops(context, repository, snapshot, loaded, report);
    report.warnings.push_back("no backup was forgotten by the retention policy: this one does not hold what is expected, and an older one may");
}

// What the settings order and cannot be had now does not keep the backup from being made.
void make_copies(Context& context, OpenRepository& opened, const repository::Snapshot& snapshot, const Result<std::optional<PlainCopyOrder>>& plain,
                 BackupReport& report) {
    report.copies_incomplete = !plain.ok();
    if (!plain) return report.warnings.push_back(format("no plain copy was made: {}; the backup itself is whole", plain.error().text()));
    if (!*plain) return;
    auto made = make_plain_copies(context, opened, snapshot, **plain);
    report.plain_copies = std::move(made.copies);
    report.plain_copies_removed = std::move(made.removed);
    report.copies_incomplete = made.incomplete;
    std::ranges::move(made.warnings, std::back_inserter(report.warnings));
}

// What goes with the recording, by the settings and flags.
struct BackupCompany {
    const LoadedSettings& loaded;
    const Result<std::optional<PlainCopyOrder>>& plain;
    const std::string& in_use_by;
};

Result<BackupReport> record_and_report(Context& context, const std::shared_ptr<OpenRepository>& owned, const BackupOrder& order, const BackupCompany& company) {
    auto& opened = *owned;
    auto recorded = record_backup(context, opened.get(), order);
    if (!recorded && recorded.error().code() == ErrorCode::full) {
        return std::move(recorded).error().with_advice("free space, or: holdfast forget NUMBER..., then holdfast prune --grace 0");
    }
    const auto snapshot = recorded ? recorded->snapshot : std::nullopt;
    const auto present = recorded && !snapshot ? recorded->confirmed : snapshot;
    const auto notes = recorded ? recorded->notes : repository::NoteSummary{};
    auto report = report_of(TRY(std::move(recorded)));
    if (!order.doubt.empty()) {
        report.warnings.push_back(order.doubt + ": every byte was read, and stored again where the repository could not prove it");
    }
    if (!company.in_use_by.empty()) report.in_use = TRY(use_backup(owned, {report.number}, company.in_use_by));  // before any policy is applied
    if (snapshot) verify_if_doubted(context, opened.get(), *snapshot, report);
    else TRY(confirm(context, opened.get(), {report.number}));
    if (snapshot) look_at_content(context, opened.get(), *snapshot, company.loaded, report);
    if (snapshot) apply_policy_if_met(context, opened.get(), *snapshot, company.loaded, report);
    else tell_of_confirmed(notes, report);
    make_copies(context, opened, *present, company.plain, report);
    report.repository = opened.path();
    report.repository_created = opened.was_created();
    warn_of_one_disk(context, opened, order.source.is_new(), report);
    warn_of_roots_files(context, opened, report);
    return report;
}

// What hooks are told grows as it becomes known.
Result<BackupReport> backup_between(Context& context, const BackupRequest& request, HooksAround& hooks, HookFacts& facts) {
    const auto plain = plain_copy_order(context, request);
    if (!plain && request.plain.is_said()) return plain.error().copy();
    auto databases = TRY(named_databases(context, request.databases));
    const auto tell = [&] {
        facts.databases.clear();
        for (const auto& database : databases) facts.databases.push_back(database.path);
    };
    tell();
    OpenHow how{.databases = facts.databases, .create_default = true, .low_priority = true};
    const std::shared_ptr<OpenRepository> opened = TRY(open_repository(context, request.repository, how));
    if (request.with_rest_of_source) TRY(add_rest_of_source(context, *opened, request, databases));
    tell();
    facts.repository = opened->path();
    auto order = TRY(backup_order(context, *opened, request, databases));
    facts.source = order.source.record.name;
    TRY(hooks.begin(facts));

    std::optional<Result<BackupReport>> made;
    host::at_low_priority([&] {  // whoever writes to the database comes first
        look_at_all(context, *opened, std::move(databases), order);
        made = record_and_report(context, opened, order, {.loaded = *request.repository.settings.loaded, .plain = plain, .in_use_by = request.in_use_by});
    });
    if (*made) facts.number = (*made)->number;
    return std::move(*made);
}

}  // namespace

Result<BackupReport> backup(Context& outer, const BackupRequest& given) {
    constexpr std::uint64_t wait_s_max = 1'000'000;
    Context context = outer;
    context.lock_wait_ms = static_cast<std::int64_t>(std::min(given.wait_s, wait_s_max)) * 1000;
    const host::Stopwatch stopwatch(context.host.clock);
    const BackupRequest request = TRY(with_source_settings(context, given));
    if (request.dry_run) return rehearse_backup(context, request);
    HooksAround hooks(context, request.hooks, HookedVerb::backup);
    HookFacts facts{.repository = request.repository.repository, .operation = request.purpose.operation, .databases = request.databases};
    auto made = backup_between(context, request, hooks, facts);
    hooks.finish(facts, made ? nullptr : &made.error());
    if (!made) return made;
    made->hooks = std::move(hooks.runs);
    made->hooks_incomplete = !hooks.is_complete;
    std::ranges::move(hooks.warnings, std::back_inserter(made->warnings));
    made->duration_ms = stopwatch.ms();
    return made;
}

}  // namespace holdfast::operations

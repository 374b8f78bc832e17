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
void look_at_what_is_expected(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot, const LoadedSettings& loaded,
                              BackupReport& report) {
    const auto expectations = expectations_of(loaded, snapshot.source.name);
    if (expectations.empty() || snapshot.damaged) return;
    auto results = look_at_backup(context, repository, snapshot, expectations);
    if (!results) return report.warnings.push_back("what the settings expect could not be looked at: " + results.error().message());
    report.expectations = std::move(*results);
    for (const auto& result : report.expectations) {
        if (result.met) continue;
        report.unmet = true;
        report.warnings.push_back(format("expected: {}; {}", printable(result.what), result.why));
    }
}

// Whatever the settings expect: an application that lost its database starts with an empty one, and notices nothing.
void look_for_emptied(const repository::Repository& repository, const repository::Snapshot& snapshot, BackupReport& report) {
    const auto emptied = emptied_in(repository, snapshot);
    if (!emptied) return report.warnings.push_back("what the backup before held could not be looked at: " + emptied.error().message());
    for (const auto& path : *emptied) {
        report.unmet = true;
        report.warnings.push_back(format("{} is empty, and was not in the backup before: holdfast list shows the ones before this, to restore by number", printable(path)));
    }
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
    auto report = report_of(TRY(std::move(recorded)));
    if (!order.doubt.empty()) {
        report.warnings.push_back(order.doubt + ": every byte was read, and stored again where the repository could not prove it");
    }
    if (!company.in_use_by.empty()) report.in_use = TRY(use_backup(owned, {report.number}, company.in_use_by));  // before any policy is applied
    if (snapshot) verify_if_doubted(context, opened.get(), *snapshot, report);
    else TRY(confirm(context, opened.get(), {report.number}));
    if (snapshot && !report.damaged) forget_what_policy_drops(context, opened.get(), *snapshot, company.loaded, report);
    if (snapshot) look_at_what_is_expected(context, opened.get(), *snapshot, company.loaded, report);
    if (snapshot) look_for_emptied(opened.get(), *snapshot, report);
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
    facts.databases.clear();
    for (const auto& database : databases) facts.databases.push_back(database.path);
    OpenHow how{.databases = facts.databases, .create_default = true, .low_priority = true};
    const std::shared_ptr<OpenRepository> opened = TRY(open_repository(context, request.repository, how));
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

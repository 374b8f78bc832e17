#include "holdfast/operations/backup.h"

#include <algorithm>
#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/host/worker_pool.h"
#include "holdfast/operations/apply_retention.h"
#include "holdfast/operations/doubted_source.h"
#include "holdfast/operations/look_at_expectations.h"
#include "holdfast/operations/named_databases.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/record_backup.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/source_of_databases.h"

namespace holdfast::operations {

namespace {

template <typename Predicate>
std::vector<std::string> paths_of(const std::vector<NamedDatabase>& databases, Predicate is_wanted) {
    std::vector<std::string> paths;
    for (const auto& database : databases) {
        if (is_wanted(database)) paths.push_back(database.path);
    }
    return paths;
}

// A path that cannot be backed up, of which a source known by the others has never heard, is a slip of the finger: it is
// told, and makes the backup partial, but no other source.
Result<history::SourceIdentity> source_of(Context& context, OpenRepository& opened, const BackupRequest& request,
                                          const std::vector<NamedDatabase>& databases) {
    history::SourceQuestion question{.name = request.source, .renames = request.source_is_by_settings, .machine = host::this_process().machine_id, .paths = {}};
    context.host.random.fill(question.fresh_id);
    const auto find = [&](std::vector<std::string> paths) {
        question.paths = std::move(paths);
        return history::find_source(opened.get(), question);
    };
    const auto works = [](const NamedDatabase& database) { return !database.failure; };
    auto found = TRY(find(paths_of(databases, [](const auto&) { return true; })));
    if (std::ranges::all_of(databases, works)) return found;
    const auto by_others = found.is_new() ? TRY(find(paths_of(databases, works))) : found;
    if (by_others.is_new()) return found;
    const auto& known = by_others.parent->source.paths;
    return find(paths_of(databases, [&](const NamedDatabase& database) {
        return works(database) || std::ranges::find(known, database.path) != known.end();
    }));
}

// A manual backup has a number of its own; an automatic one that would say what another says already has not.
WhenUnchanged when_unchanged(const BackupRequest& request, const BackupOrder& order) {
    if (order.full) return WhenUnchanged::record;
    if (order.purpose.kind == repository::SnapshotKind::automatic) return WhenUnchanged::confirm_like_this;
    return request.skip_unchanged && !order.purpose.is_said ? WhenUnchanged::confirm_last : WhenUnchanged::record;
}

Result<BackupOrder> order_of(Context& context, OpenRepository& opened, const BackupRequest& request,
                             const std::vector<NamedDatabase>& databases) {
    BackupOrder order;
    order.purpose = TRY(purpose_of(request.purpose));
    order.schema_version_query = request.schema_version_query;
    order.source = TRY(source_of(context, opened, request, databases));
    order.source.moved = request.moved;
    order.doubt = TRY(why_in_doubt(opened.get(), order.source.record));
    order.full = request.full || !order.doubt.empty();
    order.all_or_nothing = request.all_or_nothing;
    order.when_unchanged = when_unchanged(request, order);
    return order;
}

void look_at_all(Context& context, OpenRepository& opened, std::vector<NamedDatabase> databases, BackupOrder& order) {
    for (auto& database : databases) {
        MemberPlan plan;
        plan.path = database.path;
        if (!database.failure) plan = look_at(context, opened.get(), order.source, database.path);
        plan.failure = std::move(database.failure);
        plan.is_unchanged = plan.is_unchanged && !order.full;
        order.members.push_back(std::move(plan));
    }
}

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

Result<BackupReport> record_and_report(Context& context, OpenRepository& opened, const BackupOrder& order, const LoadedSettings& loaded) {
    auto recorded = record_backup(context, opened.get(), order);
    if (!recorded && recorded.error().code() == ErrorCode::full) {
        return std::move(recorded).error().with_advice("free space, or: holdfast forget NUMBER..., then holdfast prune --grace 0");
    }
    const auto snapshot = recorded ? recorded->snapshot : std::nullopt;
    auto report = report_of(TRY(std::move(recorded)));
    if (!order.doubt.empty()) {
        report.warnings.push_back(order.doubt + ": every byte was read, and stored again where the repository could not prove it");
    }
    if (snapshot) verify_if_doubted(context, opened.get(), *snapshot, report);
    else TRY(confirm(context, opened.get(), {report.number}));
    if (snapshot && !report.damaged) forget_what_policy_drops(context, opened.get(), *snapshot, loaded, report);
    if (snapshot) look_at_what_is_expected(context, opened.get(), *snapshot, loaded, report);
    report.repository = opened.path();
    report.repository_created = opened.was_created();
    warn_of_one_disk(context, opened, order.source.is_new(), report);
    warn_of_roots_files(context, opened, report);
    return report;
}

// What hooks are told grows as it becomes known.
Result<BackupReport> backup_between(Context& context, const BackupRequest& request, HooksAround& hooks, HookFacts& facts) {
    auto databases = TRY(named_databases(context, request.databases));
    facts.databases = paths_of(databases, [](const auto&) { return true; });
    OpenHow how{.databases = facts.databases, .create_default = true, .low_priority = true};
    const auto opened = TRY(open_repository(context, request.repository, how));
    facts.repository = opened->path();
    auto order = TRY(order_of(context, *opened, request, databases));
    facts.source = order.source.record.name;
    TRY(hooks.begin(facts));

    std::optional<Result<BackupReport>> made;
    host::at_low_priority([&] {  // whoever writes to the database comes first
        look_at_all(context, *opened, std::move(databases), order);
        made = record_and_report(context, *opened, order, *request.repository.settings.loaded);
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

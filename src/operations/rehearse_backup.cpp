#include "holdfast/operations/rehearse_backup.h"

#include <algorithm>
#include <iterator>

#include "holdfast/base/text.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/backup_order.h"
#include "holdfast/operations/look_at_content.h"
#include "holdfast/operations/plain_copies.h"
#include "holdfast/operations/set_copies.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

using repository::Snapshot;

// A snapshot like the one that would be made.
struct Rehearsed {
    Snapshot snapshot;
    bool is_there = false;  // it would be this one, confirmed
    repository::NoteSummary notes = {};  // of that one
};

Result<void> add_companions(Context& context, const std::vector<CompanionPlan>& plans, BackupReport& report) {
    report.companions = TRY(rehearse_companions(context, plans));
    report.partial = report.partial || std::ranges::any_of(report.companions, [](const auto& one) { return !one.error.empty() || !one.failed.empty(); });
    for (const auto& plan : plans) {
        if (!plan.led_elsewhere.empty()) report.warnings.push_back(plan.led_elsewhere);
    }
    return {};
}

Result<Rehearsed> in_repository(Context& context, OpenRepository& opened, const BackupRequest& request, std::vector<NamedDatabase> databases, BackupReport& report) {
    auto order = TRY(backup_order(context, opened, request, databases));
    look_at_all(context, opened, std::move(databases), order);
    for (const auto& plan : order.members) report.databases.push_back({.path = plan.path, .unchanged = plan.is_unchanged});
    TRY(add_companions(context, order.companions, report));
    auto confirmed = TRY(confirm_at_sight(context, opened.get(), order));
    if (confirmed) return Rehearsed{.snapshot = std::move(*confirmed->confirmed), .is_there = true, .notes = std::move(confirmed->notes)};
    Rehearsed rehearsed;
    rehearsed.snapshot.source = order.source.record;
    rehearsed.snapshot.number = {TRY(opened.get().list()).highest.value + 1};
    return rehearsed;
}

Rehearsed without_repository(const BackupRequest& request, const std::vector<NamedDatabase>& databases, BackupReport& report) {
    Rehearsed rehearsed;
    for (const auto& database : databases) report.databases.push_back({.path = database.path});
    rehearsed.snapshot.source.name = request.source;
    rehearsed.snapshot.source.machine = host::this_machine();
    rehearsed.snapshot.number = {1};
    return rehearsed;
}

Result<void> add_members(Context& context, const BackupRequest& request, const std::vector<NamedDatabase>& databases, BackupReport& report, Snapshot& snapshot) {
    const auto purpose = TRY(purpose_of(request.purpose));
    snapshot.time = context.host.clock.now();
    snapshot.kind = purpose.kind;
    snapshot.operation = purpose.operation;
    snapshot.comment = purpose.comment;
    for (std::size_t at = 0; at < databases.size(); ++at) {
        const auto& failure = databases[at].failure;
        if (failure && request.all_or_nothing) return failure->copy();
        report.partial = report.partial || failure;
        if (failure) report.databases[at].error = failure->text();
        else snapshot.members.push_back({.name = databases[at].path, .database = repository::DatabaseRecord()});
    }
    return {};
}

void describe(const Snapshot& snapshot, BackupReport& report) {
    report.number = snapshot.number.value;
    report.time = snapshot.time;
    report.source = snapshot.source.name;
    report.kind = name_of(snapshot.kind);
    report.operation = snapshot.operation;
    report.comment = snapshot.comment;
}

std::vector<NamedDatabase> copies_of(const std::vector<NamedDatabase>& databases) {
    std::vector<NamedDatabase> copies;
    for (const auto& database : databases) copies.push_back({.path = database.path, .failure = database.failure ? std::optional(database.failure->copy()) : std::nullopt});
    return copies;
}

// What has not been stored cannot be looked at.
void tell_of_content(const Rehearsed& rehearsed, const LoadedSettings& loaded, BackupReport& report) {
    tell_noted(rehearsed.notes, report);
    const bool is_looked_at = rehearsed.is_there && !is_yet_to_be_looked_at(rehearsed.snapshot, rehearsed.notes, loaded);
    if (is_looked_at || !asked_of_content(loaded, rehearsed.snapshot.source.name)) return;
    report.warnings.push_back("a dry run does not look whether the backup holds what the settings expect: the real run does, and ends with exit code 3 where it does not");
}

}  // namespace

Result<BackupReport> rehearse_backup(Context& context, const BackupRequest& request) {
    BackupReport report;
    report.dry_run = true;
    const auto plain = TRY(plain_copy_order(context, request));
    const auto databases = TRY(named_databases(context, request.databases));
    OpenHow how{.databases = {}, .create_default = true};  // which is not opened where it would have to be made
    how.databases = paths_of(databases);
    const auto place = TRY(find_repository(context, request.repository, how));
    report.repository = place.path;
    const bool would_be_made = place.is_default && !place.is_there;
    if (would_be_made) report.repository_note = format("would make the repository {} beside the database", printable(place.path));
    const auto opened = would_be_made ? nullptr : TRY(open_repository(context, request.repository, how));
    auto rehearsed = opened ? TRY(in_repository(context, *opened, request, copies_of(databases), report)) : without_repository(request, databases, report);
    if (!opened) TRY(add_companions(context, TRY(companion_plans(context, request.companions, never_taken(context, place.path, request, databases))), report));
    report.confirmed_only = rehearsed.is_there;
    if (!rehearsed.is_there) TRY(add_members(context, request, databases, report, rehearsed.snapshot));
    describe(rehearsed.snapshot, report);
    tell_of_content(rehearsed, *request.repository.settings.loaded, report);
    auto archives = TRY(rehearse_set_copies(context, rehearsed.snapshot, TRY(set_copy_orders(context, *request.repository.settings.loaded, request.source))));
    if (plain) {
        auto copies = TRY(rehearse_plain_copies(context, rehearsed.snapshot, *plain));
        report.plain_copies = std::move(copies.copies);
        report.plain_copies_removed = std::move(copies.removed);
    }
    std::ranges::move(archives.copies, std::back_inserter(report.plain_copies));
    std::ranges::move(archives.removed, std::back_inserter(report.plain_copies_removed));
    return report;
}

}  // namespace holdfast::operations

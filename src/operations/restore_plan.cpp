#include "holdfast/operations/restore_plan.h"

#include <algorithm>
#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/chosen_databases.h"
#include "holdfast/operations/moved_databases.h"
#include "holdfast/operations/plan_companions.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/restore_targets.h"
#include "holdfast/operations/target_database.h"
#include "holdfast/sqlite/empty_copy.h"

namespace holdfast::operations {

namespace {

using live::Route;
using live::RoutePlan;
using repository::DirectoryEntry;

std::string_view route_name(Route route) {
    switch (route) {
        case Route::new_file: return "new-file";
        case Route::transaction: return "transaction";
        case Route::swap: return "swap";
    }
    return "new-file";
}

Error refused_as_existing(const std::string& target) {
    return fail(ErrorCode::exists, "restore to {}: it is there already", printable(target))
        .with_advice("another path, or --force, which keeps the old file aside");
}

// A pipe or a device is no file that could be kept aside.
Result<void> expect_a_file(host::FileSystem& files, const std::string& target) {
    if (TRY(files.status(target)).kind == host::FileKind::regular) return {};
    return fail(ErrorCode::invalid, "restore to {}: something that is not a file is there", printable(target)).with_advice("another path");
}

// --force: the file is taken away whole and kept aside, whatever it is, as long as nobody has it open. That SQLite could
// not write it is no obstacle.
Result<RoutePlan> plan_forced(Context& context, Result<RoutePlan> plan, const std::string& target, const RestoreRequest& request) {
    if (!plan && plan.error().code() != ErrorCode::invalid) return plan;
    if (plan && plan->route == Route::new_file) return plan;
    TRY(expect_unopened(context, target, request));
    RoutePlan forced;
    if (plan) forced = std::move(*plan);
    forced.route = Route::swap;
    forced.comes_to_rest = false;
    forced.target = target;
    forced.why = "--force: the old file is kept aside";
    return forced;
}

Result<RoutePlan> plan_database(Context& context, const PlannedMember& member, const std::string& target,
                                const RestoreRequest& request) {
    const bool is_there = TRY(host::status_if_any(context.host.files, target)).has_value();
    const bool is_in_place = request.to.empty();
    if (is_there && !is_in_place && !request.force) return refused_as_existing(target);
    if (is_there && !is_in_place) TRY(expect_a_file(context.host.files, target));
    auto plan = live::plan_replacement(context.host, target, *member.image, place_options(context, request));
    if (is_in_place || !is_there) return plan;
    return plan_forced(context, std::move(plan), target, request);
}

// The bytes of a damaged original are for looking at, never for use: they go to a new file only.
Result<RoutePlan> plan_raw(Context& context, const std::string& target, const RestoreRequest& request) {
    if (request.to.empty()) {
        return fail(ErrorCode::invalid, "restore {} in place: the backup holds the bytes of a damaged database",
                    printable(target))
            .with_advice("--to FOLDER, to look at them; or another backup");
    }
    if (TRY(host::exists(context.host.files, target))) {
        return fail(ErrorCode::exists, "restore to {}: it is there already", printable(target)).with_advice("another path");
    }
    return RoutePlan{.route = Route::new_file, .target = target, .why = "bytes of a damaged database", .openers = {}};
}

Result<void> expect_folders_can_be_made(host::FileSystem& files, const std::string& folder) {
    const auto at = TRY(host::existing_folder_of(files, host::join_path(folder, "x")));
    if (TRY(files.status(at)).kind == host::FileKind::folder) return {};
    return fail(ErrorCode::exists, "restore into the folder {}: {} is there and is no folder", printable(folder), printable(at))
        .with_advice("--to with another path");
}

}  // namespace

Result<void> leave_schema_only(PlannedMember& member) {
    if (!member.image) {
        return fail(ErrorCode::invalid, "restore the schema of {}: the backup holds the bytes of a damaged database", printable(member.entry.name)).with_advice("another backup");
    }
    auto empty = sqlite::empty_copy(*member.image);
    if (!empty) return std::move(empty).error().while_doing(format("restore the schema of {}", printable(member.entry.name)));
    member.image = std::move(*empty);
    member.entry.content.size = member.image->size();
    member.report.sha256 = TRY(sqlite::plain_sha256(*member.image)).hex();
    return {};
}

Result<void> plan_place(Context& context, PlannedMember& member, const std::string& target, const RestoreRequest& request) {
    TRY(refuse_side_file(context, TRY(host::canonical_or_future(context.host.files, target))));
    member.route = TRY(member.image ? plan_database(context, member, target, request) : plan_raw(context, target, request));
    auto& report = member.report;
    report.from = member.entry.name;
    report.to = member.route.target.empty() ? target : member.route.target;
    report.route = route_name(member.route.route);
    report.why = member.route.why;
    report.bytes = member.entry.content.size;
    TRY(refuse_inside_repository(context, report.to));
    const std::string folder = host::folder_of(report.to);
    TRY(expect_folders_can_be_made(context.host.files, folder));
    if (!TRY(host::exists(context.host.files, folder))) report.notes.push_back(format("the folder {} is made for it", printable(folder)));
    return {};
}

namespace {

Result<PlannedMember> plan_member(Context& context, const repository::Repository& repository, const RestoreTarget& target,
                                  const RestoreRequest& request) {
    PlannedMember member;
    member.entry = *target.entry;
    if (member.entry.database) member.image = TRY(history::open_image(repository, member.entry));
    if (request.schema_only) TRY(leave_schema_only(member));
    TRY(plan_place(context, member, target.path, request));
    return member;
}

}  // namespace

namespace {

// A companion, or something that would lie in one.
Result<bool> is_of_companions(Context& context, const repository::Snapshot& snapshot, const std::string& name) {
    const std::string path = TRY(host::canonical_or_future(context.host.files, name));
    return std::ranges::any_of(snapshot.companions, [&](const DirectoryEntry& companion) {
        return path == companion.name || path.starts_with(companion.name + "/") || companion.name.ends_with("/" + name);
    });
}

}  // namespace

Result<std::set<std::string>> chosen_members(Context& context, const repository::Snapshot& snapshot, const RestoreRequest& request) {
    DatabasesToChooseFrom there{.paths = {}, .doing = "restore only", .where = format("backup #{}", snapshot.number.value)};
    for (const auto& entry : snapshot.members) there.paths.push_back(entry.name);
    auto chosen = chosen_databases(context, there, request.only);
    if (chosen || chosen.error().code() != ErrorCode::not_found) return chosen;
    for (const auto& name : request.only) {
        if (TRY(is_of_companions(context, snapshot, name))) return std::move(chosen).error().with_advice(format("--path {}: --only chooses databases", shell_word(name)));
    }
    return chosen;
}

bool RestorePlan::replaces_anything() const {
    const auto replaces = [](const PlannedMember& member) { return member.route.route != Route::new_file; };
    const auto is_there = [](const PlannedCompanion& companion) { return !companion.place.now.empty(); };
    return is_in_place && (std::ranges::any_of(members, replaces) || std::ranges::any_of(companions, is_there));
}

bool RestorePlan::takes_exact_to_go_back() const {
    return std::ranges::any_of(companions, [](const PlannedCompanion& companion) {
        return std::ranges::any_of(companion.place.now, [&](const auto& now) {
            const auto then = companion.place.then.find(now.first);
            return then != companion.place.then.end() && now.second.type != repository::EntryType::directory && then->second.type == repository::EntryType::directory;
        });
    });
}

bool RestorePlan::needs_safety_backup() const { return replaces_anything() || (is_in_place && is_rest_there && !companions.empty()); }

Result<void> expect_unopened(Context& context, const std::string& path, const RestoreRequest& request) {
    if (request.offline) return {};
    const auto status = TRY(context.host.files.status(path));
    const auto openers = TRY(host::who_has_open({.device = status.device, .inode = status.inode}));
    if (!openers.found.empty()) {
        return fail(ErrorCode::busy, "replace {}: process {} ({}) has it open", printable(path), openers.found.front().process,
                    printable(openers.found.front().command))
            .with_advice("stop it; or another path");
    }
    if (openers.saw_every_process) return {};
    return fail(ErrorCode::busy, "replace {}: not every process could be seen, so one may have it open", printable(path))
        .with_advice("stop the application, then say so with --offline; or another path");
}

live::PlaceOptions place_options(const Context& context, const RestoreRequest& request) {
    live::PlaceOptions options;
    options.vfs = context.vfs;
    options.offline = request.offline;
    options.wait_ms = lock_wait_ms(request.wait_s);
    return options;
}

namespace {

Result<void> plan_companions(Context& context, const repository::Snapshot& snapshot, const RestorePlace& place, RestorePlan& plan) {
    for (const auto& target : TRY(companion_targets(context, snapshot, place))) {
        if (TRY(host::exists(context.host.files, target.path))) {
            return fail(ErrorCode::exists, "restore to {}: it is there already", printable(target.path)).with_advice("--to with another folder");
        }
        TRY(refuse_inside_repository(context, target.path));
        plan.companions.push_back({.entry = *target.entry, .report = {.from = target.entry->name, .to = target.path}});
        plan.companions.back().report.secrets_removed = target.entry->removed;
    }
    return {};
}

}  // namespace

Result<void> begin_plan(const repository::Repository& repository, const history::Moment& moment, const RestoreRequest& request, RestorePlan& plan) {
    plan.number = moment.snapshot.number;
    plan.of = format("{}#{}", request.schema_only ? "the schema of " : "", plan.number.value);
    plan.is_in_place = request.to.empty();
    for (const auto& path : moment.snapshot.source.paths) plan.paths.push_back(TRY(lies_now(repository, moment.snapshot, path)));
    std::ranges::sort(plan.paths);
    return {};
}

Result<RestorePlan> plan_restore(Context& context, const repository::Repository& repository,
                                 const history::Moment& moment, const RestoreRequest& request) {
    RestorePlan plan;
    TRY(begin_plan(repository, moment, request, plan));
    const RestorePlace place{.to = request.to, .only = TRY(chosen_members(context, moment.snapshot, request))};
    for (auto& target : TRY(restore_targets(context, moment.snapshot, place))) {
        if (plan.is_in_place) target.path = TRY(lies_now(repository, moment.snapshot, target.path));
        auto planned = plan_member(context, repository, target, request);
        const bool is_told_what = !planned && planned.error().code() == ErrorCode::corrupt && !planned.error().advice().empty();
        if (is_told_what) return std::move(planned).error().while_doing(format("restore {} of backup #{}", printable(target.entry->name), moment.snapshot.number.value));
        auto member = TRY(std::move(planned));
        if (plan.is_in_place && target.path != member.entry.name) member.report.notes.push_back(format("it was moved there from {}", printable(member.entry.name)));
        if (const auto& record = member.entry.database; request.schema_only) {
            // has its own already
        } else if (record && record->plain_sha256) {
            member.report.sha256 = record->plain_sha256->hex();
        } else if (moment.snapshot.members.size() == 1 && moment.notes.plain_sha256) {
            member.report.sha256 = moment.notes.plain_sha256->hex();
        }
        plan.members.push_back(std::move(member));
    }
    if (request.schema_only) return plan;
    if (plan.is_in_place && place.only.empty()) {
        TRY(plan_companions_in_place(context, repository, {.of = moment.snapshot, .chosen = all_companions(moment.snapshot)}, request, plan));
        TRY(plan_missing_companions(context, repository, moment.snapshot, request, plan));
    }
    if (!plan.is_in_place) TRY(plan_companions(context, moment.snapshot, place, plan));
    return plan;
}

}  // namespace holdfast::operations

#include "holdfast/operations/restore_paths.h"

#include <algorithm>

#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/operations/chosen_paths.h"
#include "holdfast/operations/plan_companions.h"
#include "holdfast/operations/repository_place.h"
#include "holdfast/operations/restore_packed.h"
#include "holdfast/operations/restore_targets.h"

namespace holdfast::operations {

namespace {

using repository::EntryType;

// The single file itself, or the folder that all is laid out in.
struct Place {
    std::string path;
    enum class Is { file, folder } is = Is::folder;
};

Result<Place> place_of(Context& context, const std::vector<ChosenPath>& chosen, const std::string& given) {
    const std::string to = TRY(host::canonical_or_future(context.host.files, given));
    const auto there = TRY(host::status_if_any(context.host.files, to));
    const bool is_folder = given.ends_with('/') || (there && there->kind == host::FileKind::folder);
    if (!is_folder && chosen.size() == 1 && chosen.front().entry.type != EntryType::directory) return Place{.path = to, .is = Place::Is::file};
    if (!there || there->kind == host::FileKind::folder) return Place{.path = to};
    return fail(ErrorCode::invalid, "restore {} to {}: it is a file, and more than one comes back", printable(chosen.front().path), printable(to)).with_advice("--to FOLDER");
}

Result<void> plan_one(Context& context, const ChosenPath& one, const std::string& to, RestorePlan& plan) {
    // A link in the way is there, wherever it leads.
    const auto there = context.host.files.status_of_link(to);
    if (!there && there.error().code() != ErrorCode::not_found) return there.error().copy();
    if (there) return fail(ErrorCode::exists, "restore to {}: it is there already", printable(to)).with_advice("--to with another path");
    TRY(refuse_inside_repository(context, to));
    plan.companions.push_back({.entry = one.entry, .report = {.from = one.path, .to = to}});
    return {};
}

}  // namespace

Result<void> expect_paths_make_sense(const RestoreRequest& request) {
    if (request.paths.empty()) return {};
    const auto refuse = [](std::string_view flag, std::string advice) { return fail(ErrorCode::invalid, "restore with --path and {}", flag).with_advice(std::move(advice)); };
    if (!request.from.empty() || !request.file.empty()) return refuse("--from", "--path is for backups of a repository");
    if (!request.only.empty()) return refuse("--only", "--path names databases, too");
    if (request.rows.is_asked()) return refuse("--table", "one of them: rows are of databases");
    if (request.schema_only) return refuse("--schema-only", "--only DATABASE");
    if (request.to == "-") return refuse("--to -", format("holdfast cat {}", shell_word(request.snapshot + ":" + request.paths.front())));
    if (!request.compress.empty()) return refuse("--compress", "--only DATABASE compresses one database");
    return {};
}

namespace {

// A link that leads nowhere is there, too.
Result<bool> is_any_there(Context& context, const repository::Snapshot& snapshot, const RestorePlan& plan) {
    std::vector<std::string> paths = plan.paths;
    for (const auto& companion : snapshot.companions) paths.push_back(companion.name);
    for (const auto& path : paths) {
        const auto there = context.host.files.status_of_link(path);
        if (there) return true;
        if (there.error().code() != ErrorCode::not_found) return there.error().copy();
    }
    return false;
}

Result<RestorePlan> plan_in_place(Context& context, const repository::Repository& repository, const history::Moment& moment, const RestoreRequest& request, const std::vector<ChosenPath>& chosen) {
    RestoreRequest of_databases = request;
    ChosenCompanions companions{.of = moment.snapshot, .chosen = {}};
    for (const auto& one : chosen) {
        if (one.of == ChosenPath::Of::members) {
            of_databases.only.push_back(one.path);
            continue;
        }
        companions.chosen.push_back(one.entry);
        companions.chosen.back().name = one.path;
    }
    RestorePlan plan;
    if (of_databases.only.empty()) TRY(begin_plan(repository, moment, request, plan));
    else plan = TRY(plan_restore(context, repository, moment, of_databases));
    TRY(plan_companions_in_place(context, repository, companions, request, plan));
    plan.is_rest_there = TRY(is_any_there(context, moment.snapshot, plan));
    return plan;
}

}  // namespace

Result<RestorePlan> plan_restore_of_paths(Context& context, const repository::Repository& repository, const history::Moment& moment, const RestoreRequest& request) {
    const auto& snapshot = moment.snapshot;
    const auto chosen = TRY(chosen_paths(context, repository, snapshot, request.paths));
    if (request.to.empty()) return plan_in_place(context, repository, moment, request, chosen);
    const auto place = TRY(place_of(context, chosen, request.to));
    RestoreRequest of_databases = request;
    for (const auto& one : chosen) {
        if (one.of == ChosenPath::Of::members) of_databases.only.push_back(one.path);
    }
    if (place.is == Place::Is::folder) of_databases.to = place.path + "/";
    RestorePlan plan;
    if (!of_databases.only.empty()) TRY(expect_true_target(context, of_databases));
    if (!of_databases.only.empty()) plan = TRY(plan_restore(context, repository, moment, of_databases));
    plan.number = snapshot.number;
    plan.of = format("#{}", snapshot.number.value);
    const std::string shared = shared_folder(snapshot);
    for (const auto& one : chosen) {
        if (one.of != ChosenPath::Of::companions) continue;
        const auto to = place.is == Place::Is::file ? place.path : host::join_path(place.path, one.path.substr(std::min(shared.size(), one.path.size())));
        TRY(plan_one(context, one, to, plan));
    }
    return plan;
}

}  // namespace holdfast::operations

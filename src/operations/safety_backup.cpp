#include "holdfast/operations/safety_backup.h"

#include "holdfast/base/text.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/check_image.h"
#include "holdfast/operations/make_repository.h"
#include "holdfast/operations/record_backup.h"
#include "holdfast/operations/repository_place.h"

namespace holdfast::operations {

namespace {

using live::Route;

// The main file of a damaged database, and what SQLite would have read with it.
Result<std::vector<std::string>> files_of(Context& context, const std::string& path) {
    std::vector<std::string> files;
    for (const char* end : {"", "-wal", "-journal"}) {
        if (TRY(host::exists(context.host.files, path + end))) files.push_back(path + end);
    }
    return files;
}

// Whether it can be frozen as the database it is, so that it can be restored as one.
bool is_usable(Context& context, const std::string& path) {
    bool is_whole = false;
    const auto use = [&](const sqlite::Image& image, const live::FreezeFacts&) -> Result<void> {
        is_whole = TRY(read_schema(image)).findings.empty();
        return {};
    };
    return live::with_frozen(context.host, path, freeze_options(context), {.first_look = {}, .use = use}).ok() && is_whole;
}

Result<BackupOrder> safety_order(Context& context, const repository::Repository& repository, const RestorePlan& plan) {
    BackupOrder order;
    order.purpose.kind = repository::SnapshotKind::safety;
    order.purpose.operation = plan.doing;
    order.purpose.comment = format("before the {} of {}", plan.doing, plan.of);
    order.doing = "safety backup";
    order.all_or_nothing = true;
    history::SourceQuestion question{.name = {}, .machine = host::this_process().machine_id, .paths = plan.paths};
    context.host.random.fill(question.fresh_id);
    order.source = TRY(history::find_source(repository, question));
    for (const auto& member : plan.members) {
        if (member.route.route == Route::new_file) continue;
        if (member.route.route == Route::transaction || is_usable(context, member.report.to)) {
            MemberPlan database;
            database.path = member.report.to;
            order.members.push_back(std::move(database));
        } else {
            for (auto& file : TRY(files_of(context, member.report.to))) order.raw_files.push_back(std::move(file));
        }
    }
    return order;
}

Result<SafetyBackup> back_up_into(Context& context, OpenRepository& opened, const RestorePlan& plan) {
    const auto order = TRY(safety_order(context, opened.get(), plan));
    auto recorded = TRY(record_backup(context, opened.get(), order));
    HOLDFAST_ASSERT(recorded.snapshot.has_value());
    return SafetyBackup{.number = recorded.snapshot->number.value,
                        .repository = opened.path(),
                        .is_raw = !order.raw_files.empty(),
                        .warnings = std::move(recorded.warnings)};
}

// Beside the database: the one place that can be written if the restore itself can.
Result<SafetyBackup> back_up_beside(Context& context, const RestorePlan& plan) {
    RepositoryRequest beside;
    beside.repository = safety_repository_beside(plan);
    if (!TRY(find_repository(context, beside, {})).is_there) {
        TRY(make_repository(context, {.path = beside.repository, .unlock = {}}));
    }
    const auto opened = TRY(open_repository(context, beside, {}));
    return back_up_into(context, *opened, plan);
}

}  // namespace

std::string safety_repository_beside(const std::string& database) {
    constexpr std::string_view name = ".holdfast-safety";
    return host::join_path(host::folder_of(database), name);
}

std::string safety_repository_beside(const RestorePlan& plan) { return safety_repository_beside(plan.members.front().report.to); }

Result<SafetyBackup> make_safety_backup(Context& context, OpenRepository& opened, const RestorePlan& plan,
                                        const SafetyRequest& request) {
    auto safety = back_up_into(context, opened, plan);
    if (safety || safety.error().code() == ErrorCode::cancelled) return safety;
    const std::string why = safety.error().message();
    auto beside = back_up_beside(context, plan);
    if (beside) {
        beside->warnings.push_back(format("the safety backup is in another repository, {}{}: {}", printable(beside->repository),
                                          opened.get().config().sealed ? ", which is not sealed" : "", why));
        return beside;
    }
    if (beside.error().code() == ErrorCode::cancelled) return beside;
    if (!request.is_optional) {
        return std::move(safety)
            .error()
            .while_doing("make a safety backup of the present database, before anything is replaced")
            .with_advice("--no-safety-backup restores without one");
    }
    SafetyBackup none;
    none.warnings.push_back(format("no safety backup of the state before: {}", why));
    return none;
}

}  // namespace holdfast::operations

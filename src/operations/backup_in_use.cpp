#include "holdfast/operations/backup_in_use.h"

#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

Result<std::shared_ptr<const BackupInUse>> use_backup(const std::shared_ptr<OpenRepository>& opened, repository::SnapshotNumber number, const std::string& by) {
    auto lease = TRY(opened->get().keep(number, by));
    return std::make_shared<const BackupInUse>(BackupInUse{.opened = opened, .number = number, .lease = std::move(lease)});
}

Result<std::string> flags_to_go_back(Context& context, const BackupInUse& backup, const std::string& only) {
    auto& repository = backup.opened->get();
    const auto moment = history::Moment::of(TRY(repository.snapshot(backup.number)), {});
    RestoreRequest request;
    if (!only.empty()) request.only = {only};
    if (plan_restore(context, repository, moment, request)) return std::string();
    request.offline = true;
    return plan_restore(context, repository, moment, request) ? std::string(" --offline") : std::string();
}

}  // namespace holdfast::operations

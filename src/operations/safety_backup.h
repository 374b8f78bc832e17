// The backup of what a restore is about to replace.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

struct SafetyBackup {
    std::uint64_t number = 0;              // 0: none was made
    std::string repository;
    bool is_raw = false;                   // it holds bytes of a damaged original, which are restored to a folder only
    std::vector<std::string> warnings;
};
struct SafetyRequest {
    bool is_optional = false;  // --no-safety-backup: go on without, when it cannot be made
};
// Every database that would be replaced, as it is now, in one snapshot: of the same repository, or, where that cannot be
// written, of one beside the database. Damaged originals and their sidecars are kept as bytes. An Error refuses the
// restore.
Result<SafetyBackup> make_safety_backup(Context& context, OpenRepository& opened, const RestorePlan& plan,
                                        const SafetyRequest& request);

// The one beside the database: .holdfast-safety in its folder.
std::string safety_repository_beside(const RestorePlan& plan);
std::string safety_repository_beside(const std::string& database);

}  // namespace holdfast::operations

// The backup of what a restore is about to replace.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// The key of tags that name databases that were not there.
constexpr std::string_view absent_tag = "absent";

struct SafetyBackup {
    std::uint64_t number = 0;              // 0: none was made
    std::string repository;
    bool is_raw = false;                   // it holds bytes of a damaged original, which are restored to a folder only
    std::vector<std::string> warnings;
    std::unique_ptr<OpenRepository> beside = {};  // the repository that holds it, when it is not the one meant
};
struct SafetyRequest {
    bool is_optional = false;  // --no-safety-backup: go on without, when it cannot be made
};
// The newest backup of the databases that would be replaced, which a safety backup shares most of its content with.
Result<std::optional<repository::SnapshotNumber>> parent_of_safety(Context& context, const repository::Repository& repository, const RestorePlan& plan);

// Every database that would be replaced, as it is now, in one snapshot: of the same repository, or, where that cannot be
// written, of one beside the database. Damaged originals and their sidecars are kept as bytes. After success every byte of
// it has been read and proven: what it shares with the plan's proven_parent there, the rest here. An Error refuses the
// restore.
Result<SafetyBackup> make_safety_backup(Context& context, OpenRepository& opened, const RestorePlan& plan,
                                        const SafetyRequest& request);

// What became of the restore: only one that took place can be undone. A failure is a warning.
enum class RestoreEnd : std::uint8_t { took_place, replaced_nothing };
void note_end(Context& context, OpenRepository& opened, SafetyBackup& safety, RestoreEnd end);

// After a restore without a safety backup: undo would go back to the state before an earlier one, past it. A failure is a
// warning.
void cut_undo(Context& context, OpenRepository& opened, const RestorePlan& plan, std::vector<std::string>& warnings);

// The one beside the database: .holdfast-safety in its folder.
std::string safety_repository_beside(const RestorePlan& plan);
std::string safety_repository_beside(const std::string& database);

}  // namespace holdfast::operations

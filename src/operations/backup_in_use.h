// A backup that somebody relies on going back to: while this lives it is neither forgotten nor dropped, by whatever rule.
#pragma once

#include <memory>

#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

struct BackupInUse {
    std::shared_ptr<OpenRepository> opened;
    repository::SnapshotNumber number;
    std::shared_ptr<repository::Repository::Lease> lease;  // goes first
};

// `busy`: it was forgotten while it was made. A process that dies has let go.
Result<std::shared_ptr<const BackupInUse>> use_backup(const std::shared_ptr<OpenRepository>& opened, repository::SnapshotNumber number, const std::string& by);

// What is said to people must work: `corrupt` or `not_found` when it cannot be gone back to any more; else the flags with
// which a restore in place would go through now, " --offline" or none. An obstacle that no flag takes away is the restore's.
Result<std::string> flags_to_go_back(Context& context, const BackupInUse& backup, const std::string& only = {});

}  // namespace holdfast::operations

// A source in doubt: the last verification of a backup of it found damage, so the backups that follow are verified, too.
#pragma once

#include "holdfast/operations/backup.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// The newest backup of the source, older than `before`, that was verified, if damage was found in it.
Result<std::optional<repository::SnapshotNumber>> found_damaged(const repository::Repository& repository,
                                                                const repository::SourceRecord& source,
                                                                repository::SnapshotNumber before);

// Why nothing that the repository holds of the source may be leant on unproven, for people; empty when nothing is known
// against it: the last verification found damage, or packs have gone that no prune has removed.
Result<std::string> why_in_doubt(const repository::Repository& repository, const repository::SourceRecord& source);

// Verifies the snapshot just committed, as deeply as can be, when its source is in doubt; notes the verdict and adds it to
// the report. A source repaired in the meantime is out of doubt again. What goes wrong here is told as a warning: the
// backup itself stands.
void verify_if_doubted(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot,
                       BackupReport& report);

}  // namespace holdfast::operations

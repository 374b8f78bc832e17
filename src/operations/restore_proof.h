// What is proven of a restore: before anything is replaced, and of the files that were written.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// Looks whether every byte of the newest backup of what is to be replaced proves: then it is the plan's proven_parent.
// `also` is checked with it, as they share nearly everything; it must prove. Reads much, and so comes before any lock.
Result<void> prove_parent(Context& context, OpenRepository& opened, RestorePlan& plan, std::optional<repository::SnapshotNumber> also);

// In place: every byte of the backup is read and proven, and SQLite checks each image, before anything is replaced: the
// result is proven equal to it afterwards, so this is its check as well, and no application waits for it. `corrupt`
// refuses the restore: bytes that are damaged, or an image that SQLite finds damaged though nothing was known of it when
// it was backed up (--no-check restores that one).
Result<void> prove_before(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request);

// Every byte of the backup is read and proven, or `corrupt`, with the first that is not.
Result<void> expect_proven(Context& context, OpenRepository& opened, repository::SnapshotNumber number);

// New files: SQLite checks each as it lies there (in a dry run, the image). Its findings are told, and fail nothing.
Result<void> check_after(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request);

}  // namespace holdfast::operations

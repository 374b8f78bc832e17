// A planned restore carried out: as new files, or in place with a safety backup first.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"
#include "holdfast/operations/safety_backup.h"

namespace holdfast::operations {

// --to: each member to its file, proven as it is read and read back. A failure leaves no half of a file.
Result<void> write_new_files(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request);

// In place. Every database that stays is locked, one inside the lock of the other; then the safety backup is committed;
// then the files that nobody has are put in place, and the locked databases get their content. A failure before the first
// replacement leaves everything as it was; a later one is told with the number that brings back the state before.
Result<SafetyBackup> replace_in_place(Context& context, OpenRepository& opened, RestorePlan& plan,
                                      const RestoreRequest& request);

}  // namespace holdfast::operations

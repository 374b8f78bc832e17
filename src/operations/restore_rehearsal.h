// The rehearsal of a restore: what a dry run does beyond planning, so that it ends as the real run would.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// Proves the backup and has SQLite check it, waits for locks of others as the real run would (taking none), and fills in
// what would be moved aside. Writes nothing. Errors: those of the real run.
Result<void> rehearse(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request);

// Where the safety backup would go: the repository, or one beside the database if that cannot be written.
std::string safety_place(Context& context, const OpenRepository& opened, const RestorePlan& plan);

}  // namespace holdfast::operations

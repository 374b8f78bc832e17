// A restore of single files, folders and databases of a backup, which --path names: in place, or beside what is there.
#pragma once

#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// `invalid`: the request names paths, and something that does not go with them.
Result<void> expect_paths_make_sense(const RestoreRequest& request);

// As plan_restore(), of what the paths choose: where it was, or with --to laid out as a restore of everything would; a single file or database goes to
// the path itself that --to names, unless that is a folder or ends with a slash.
Result<RestorePlan> plan_restore_of_paths(Context& context, const repository::Repository& repository, const history::Moment& moment, const RestoreRequest& request);

}  // namespace holdfast::operations

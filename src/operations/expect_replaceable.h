// Whether the files and folders that a restore in place would exchange can be: a dry run fails where the real one would.
#pragma once

#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// By looking only. `denied`: something of it is marked as not to be changed (chattr +i), or lies in a folder that this user may
// not write.
Result<void> expect_replaceable(Context& context, const RestorePlan& plan);

}  // namespace holdfast::operations

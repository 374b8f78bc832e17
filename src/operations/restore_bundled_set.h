// restore --from: a bundle that holds companions, as a set.
#pragma once

#include "holdfast/operations/outside_backup.h"
#include "holdfast/operations/restore.h"

namespace holdfast::operations {

// To new files: through a repository that is gone afterwards, so that all is proven, written and laid out as a backup of a
// repository is. `invalid` in place: what is there now and the bundle would have no backup in common to go back to.
Result<RestoreReport> restore_bundled_set(Context& context, OutsideBackup& bundle, const RestoreRequest& request);

}  // namespace holdfast::operations

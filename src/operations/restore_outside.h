// restore --from: a backup in a file of no repository brought back, with the same safety backup, proof and dry run.
#pragma once

#include "holdfast/operations/restore.h"

namespace holdfast::operations {

// `invalid`: words that speak of a repository's backup, or no place is known to restore to.
Result<RestoreReport> restore_outside(Context& context, const RestoreRequest& request);

// The file that the request names; empty: it means a backup of the repository.
std::string outside_file(const RestoreRequest& request);

}  // namespace holdfast::operations

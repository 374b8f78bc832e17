// Folding notes: removing those that say nothing any more.
#pragma once

#include "holdfast/repository/repository.h"

namespace holdfast::repository {

// Those of snapshots that are gone, and those that a later note of their kind has replaced. The newest of each snapshot
// stays, so that no number is used twice. One that cannot be read stays, too.
Result<void> fold_notes(const Repository& repository);

}  // namespace holdfast::repository

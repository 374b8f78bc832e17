// Companions, or parts of them, that a restore in place brings back to where they were.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

struct ChosenCompanions {
    const repository::Snapshot& of;
    std::vector<repository::DirectoryEntry> chosen;  // names are whole paths: of companions, or of what lies in their folders
};
std::vector<repository::DirectoryEntry> all_companions(const repository::Snapshot& snapshot);

// After the members were planned, which are no part of it. Where `source move` was told that databases are elsewhere now, what
// lay below the same folder is taken to have gone with them. `invalid`: a link has taken the place of one, or of a folder above
// that no database of the source is reached by. Other errors: look_at_place().
Result<void> plan_companions_in_place(Context& context, const repository::Repository& repository, const ChosenCompanions& companions, const RestoreRequest& request, RestorePlan& plan);

// Those that were missing when the backup was made, and are there now: they go with --exact, and stay without.
Result<void> plan_missing_companions(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot, const RestoreRequest& request, RestorePlan& plan);

}  // namespace holdfast::operations

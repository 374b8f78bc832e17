// Retention after a backup: once the new backup is verified, what its source's policy does not keep is forgotten.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/policies.h"

namespace holdfast::operations {

struct AppliedRetention {
    std::vector<std::uint64_t> forgotten;  // ascending
    std::vector<std::string> warnings;
};
// To be called when `snapshot` has been committed. Only its source is looked at. Nothing is forgotten while the new backup
// is not verified: its own chunks decoded, all packs it leans on present; or if it is partial, damaged or not of one moment. What goes wrong
// is a warning: the backup stands. Where nothing is to be forgotten, it costs a listing of the backups.
AppliedRetention apply_retention(Context& context, repository::Repository& repository, const repository::Snapshot& snapshot, const Policies& policies);

}  // namespace holdfast::operations

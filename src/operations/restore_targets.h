// Which file each member of a backup is restored to.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::operations {

struct RestoreTarget {
    const repository::DirectoryEntry* entry = nullptr;
    std::string path;
};
// Without `to`, where each was. With it: that file; or, when `to` is a folder, or the backup has several members, files in
// it, laid out as they were below the folder they shared. `corrupt`: a name that no backup of ours has.
Result<std::vector<RestoreTarget>> restore_targets(Context& context, const repository::Snapshot& snapshot,
                                                   const std::string& to);

}  // namespace holdfast::operations

// Which file each member of a backup is restored to.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::operations {

// Names come out of the repository: one that climbs out of its folder would write where nobody asked. `corrupt`.
Result<void> expect_canonical(const std::string& name);

struct RestoreTarget {
    const repository::DirectoryEntry* entry = nullptr;
    std::string path;
};
struct RestorePlace {
    std::string to;                 // empty: where each was
    std::set<std::string> only;     // names of members; empty: all
};
// With `to`: that file; or, when `to` is a folder, or several members are wanted or have companions, files in it, laid out as they were below
// the folder that all members of the backup shared. `corrupt`: a name that no backup of ours has.
Result<std::vector<RestoreTarget>> restore_targets(Context& context, const repository::Snapshot& snapshot,
                                                   const RestorePlace& place);
// The deepest folder above all databases and companions, with its slash. Those that failed count, so that a partial backup lies
// as a whole one does.
std::string shared_folder(const repository::Snapshot& snapshot);
// Of its companions: with `only` none.
Result<std::vector<RestoreTarget>> companion_targets(Context& context, const repository::Snapshot& snapshot, const RestorePlace& place);

}  // namespace holdfast::operations

// difference_of_companions(): what differs between two states of companions, without reading what cannot differ.
#pragma once

#include "holdfast/operations/file_tree.h"
#include "holdfast/operations/files_difference.h"

namespace holdfast::operations {

struct FileTrees {
    const FileTree& before;
    const FileTree& after;
};
// Between two backups no file is read, and no folder that both have: it costs what has changed. Beside one that does not know
// contents a file of equal size is believed to be the same when its time is that of the backup, and nothing has touched it
// since then; all others are read and compared.
Result<FilesDifference> difference_of_companions(const FileTrees& trees, const Watch& watch);

// How the companions of a backup are looked at where they lie now: by the rules that it was made by. And those that only the
// settings name for its source.
Result<std::vector<CompanionPlan>> plans_of_backup(Context& context, const RepositoryRequest& request, const std::string& repository, const repository::Snapshot& snapshot);

}  // namespace holdfast::operations

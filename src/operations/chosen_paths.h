// chosen_paths(): which databases, files and folders of a backup a person means by paths.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

struct ChosenPath {
    std::string path;                  // where it was, absolute
    repository::DirectoryEntry entry;  // its name is the last part of the path alone, where it lies in a companion's folder
    enum class Of : std::uint8_t { members, companions } of = Of::companions;
};

// What lies at each path of `words`, or below it: a folder of a companion is one entry, and what lies in it is none by itself;
// a folder above several databases and companions means each of them. Without words: all. In order of path.
//
// A path is absolute, as in the source; or relative to the folder that all of the backup shares, as restore --to FOLDER lays
// it out (shared_folder), to one above that, or to the working folder. `invalid`: it means different things by these;
// `not_found`: there is nothing, with what is near; corrupt: a folder on the way cannot be read.
Result<std::vector<ChosenPath>> chosen_paths(Context& context, const repository::Repository& repository, const repository::Snapshot& snapshot, const std::vector<std::string>& words);

// Without empty parts and ".", and ".." taken with the part before it.
std::string plain_path(const std::string& absolute);

}  // namespace holdfast::operations

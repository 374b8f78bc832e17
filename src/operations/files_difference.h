// FilesDifference: what differs in the files that belong with databases, as diff tells it and as restore shows it beforehand.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

struct FileDifference {
    std::string change, path, from, kind;
    std::uint64_t size_before = 0, size_after = 0;
    std::vector<std::string> what;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("change", change, "added, removed, changed, or renamed (a file or folder with that content, and no other, has gone, and come); before a restore also kept (it stays as it is, though the backup has it not, or otherwise).");
        visit("path", path, "Where it is; of what was removed, where it was.");
        visit("from", from, "Of what was renamed: where it was.");
        visit("kind", kind, "file, folder or link: what it is, or was.");
        visit("size_before", size_before, "Bytes of the file before; 0: it is not there, or no file.");
        visit("size_after", size_after, "Bytes of the file after.");
        visit("what", what, "What differs: content, kind (a folder is a file now, or their like), mode, owner, time, target (of a link).");
    }
};
struct FilesDifference {
    bool equal = false, incomplete = false;
    std::uint64_t added = 0, removed = 0, changed = 0, renamed = 0, kept = 0;
    std::vector<FileDifference> files;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("equal", equal, "Nothing differs.");
        visit("incomplete", incomplete, "Something could not be looked at: it is in the warnings.");
        visit("added", added, "Files, folders and links that are there after, and not before.");
        visit("removed", removed, "Those that are there before, and not after.");
        visit("changed", changed, "Those of which content, mode, owner, time or target differ. A folder's time alone counts where no name in it differs.");
        visit("renamed", renamed, "Those that have another path.");
        visit("kept", kept, "Before a restore: those that stay as they are, though the backup has them not, or otherwise.");
        visit("files", files, "Each of them, by path; with --stat none.");
        visit("warnings", warnings, "What could not be looked at, or read.");
    }
};

}  // namespace holdfast::operations

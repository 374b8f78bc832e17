// copies_in_tree(): which folders and files of a tree are old copies of companions, by their names and those of what they hold.
#pragma once

#include "holdfast/operations/sought_companions.h"

namespace holdfast::operations {

struct TreeThing {
    std::string path;  // in the tree, '/' between names
    host::FileKind kind = host::FileKind::regular;
    Timestamp modified;
};
// A folder on disk, or an archive.
struct Tree {
    std::string name;                       // its own, without the endings of layers
    std::string place;                      // of a folder on disk its path
    std::vector<TreeThing> things;          // but databases
    std::set<std::string> with_databases;   // folders in it (the tree itself: "") in which a database lies
};
struct TreeCopy {
    std::size_t sought = 0;                // which companion, by its place in the list
    std::string at;                        // a folder or file in the tree; "": all of the tree
    std::vector<std::string> names = {};   // not empty: only these files and folders in that folder, which holds other things as well
    std::vector<std::string> left_out = {};  // folders in it that may belong with them: they hold files called so, and nothing else tells
    std::size_t parts_alike = 0;           // how many names at the end of its path are those of the companion's
    bool is_of_a_database = false;         // only a database that lies with it tells that it is a copy
};
// A folder that is called as the companion is, but for a date, and holds something that the companion has or would keep; a
// folder with a date in its name, or with a database, that holds files called as those in the companion are, with the folders in
// it that are called as those in the companion; a file called as the companion, beside a database. What could be a copy of several companions is told in `doubts`, and is none.
std::vector<TreeCopy> copies_in_tree(const Tree& tree, const std::vector<SoughtCompanion>& sought, std::vector<std::string>& doubts);

// A name without its date and what says "backup": "faiss_20250130" is "faiss".
std::string undated(const std::string& name);

}  // namespace holdfast::operations

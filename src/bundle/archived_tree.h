// ArchivedTree: what an archive from anywhere holds beside databases, as the files, folders and links that it would unpack to.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/bundle/bundled_set.h"
#include "holdfast/bundle/tar_reader.h"

namespace holdfast::bundle {

struct ArchivedThing {
    BundledThing told;  // its path is that in the archive, without "./"
    std::string file;   // where the bytes of a file lie now
};

// Nothing in it lies, or leads, outside: names that would (absolute ones, "..") and links that do are left out, and so are
// devices, hard links, whose bytes have another name, and what would lie in something that is no folder.
class ArchivedTree {
public:
    // The path in the tree, or `invalid`: why the member is left out.
    static Result<std::string> path_of(const TarMember& member);
    static constexpr std::size_t path_size_max = 4096;

    // What comes twice counts the last time, as it would be unpacked. `bytes`: of a file.
    void add(std::string path, const TarMember& member, ArchivedThing bytes);
    // In order: a folder before what lies in it, names in one folder by their bytes. Folders of which the archive tells
    // nothing are those that it needs, for their owner alone, as old as the youngest thing in them.
    std::vector<ArchivedThing> things(std::vector<std::string>& notes) const;

private:
    std::map<std::vector<std::string>, ArchivedThing> things_;  // by the parts of their paths
};

// The names in a path, between its slashes.
std::vector<std::string> parts_of(const std::string& path);

}  // namespace holdfast::bundle

// walk_companion(): what there is of a companion, the files that belong to a database, by looking only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/host/file_system.h"
#include "holdfast/live/path_patterns.h"

namespace holdfast::live {

// One thing of a companion: a regular file, a folder, or a link, which is never followed.
struct CompanionThing {
    std::string path;  // relative to the root, with '/' between; empty for the root itself
    host::FileStatus status;
    std::string link_target;  // what a link says
};

enum class WhyLeftOut {
    special,     // a socket, pipe or device
    unreadable,  // it could not be looked at, listed or read, or keeps changing: nothing is known of what it holds
    database,    // a plain copy of which would be no backup
    sidecar,     // of a database, or what would be taken for one
    own,         // holdfast's own, or kept by it in another way
};
struct LeftOut {
    std::string path;  // relative, as that of a thing
    WhyLeftOut why = WhyLeftOut::special;
    std::string reason;
};

struct CompanionOrder {
    std::string root;  // canonical, but for its last part: a link there is kept as a link
    // Without include patterns everything is included; with them what they match, and what lies in a folder that they
    // match unless they take it back. What `exclude` matches is left out with all that is in it, and told only where
    // `tells_excluded` asks for it.
    PathPatterns include, exclude;
    // Not empty: the patterns are of a companion in which the root lies here.
    std::string within = {};
    // Canonical paths of files and folders that are never taken, entered nor opened: repositories, plain copies, staging
    // folders, databases that are kept as such.
    std::vector<std::string> never;
    // Whether a folder is one of holdfast's own, by what is in it; none: no folder is.
    std::function<Result<bool>(const std::string& folder)> is_own;
    bool tells_excluded = false;
};

struct CompanionLook {
    bool is_there = false;  // the root is
    std::vector<CompanionThing> things;  // a folder before what is in it; names in one folder by their bytes
    std::vector<LeftOut> left_out;
    std::vector<std::string> excluded;   // by patterns, or by themselves: where the order asks for them; relative
    std::vector<std::string> databases;  // absolute paths of those left out as such
};

// A file system that others write to is never seen at one moment: who needs that looks twice, and compares. What vanishes
// meanwhile is not there. A folder is listed although nothing in it is, but where there are include patterns: then only
// if something in it is, or a pattern matches it; the root always is.
//
// Excluded by themselves, unless an exclude pattern takes them back: .DS_Store, Thumbs.db, desktop.ini, __pycache__, and
// what lies in a folder below the root beside a valid CACHEDIR.TAG.
//
// `cancelled`; otherwise fails only where the root cannot be looked at.
Result<CompanionLook> walk_companion(host::FileSystem& files, const CompanionOrder& order, const Watch& watch);

}  // namespace holdfast::live

// What Session::keep_variable() is asked for, and answers: a file that shifts, kept as extents cut by what they hold.
#pragma once

#include "holdfast/repository/content_writer.h"

namespace holdfast::repository {

struct VariableRequest {
    std::string like;                     // key of the local hash cache; empty: nothing is remembered
    std::optional<Before> before;         // of any scheme; nothing is found again in fixed extents
    bool everything = false;              // read and name every extent, believe no cache
    RootNode root = RootNode::beside;
    std::optional<ChunkId> dictionary;    // what plain extents are compressed with
};

struct KeptVariable {
    KeptContent kept;
    std::vector<std::string> warnings;
};

}  // namespace holdfast::repository

// build_variable_tree(): the tree over variable extents; where its nodes end follows from the ids below them.
#pragma once

#include <vector>

#include "holdfast/repository/node_writer.h"
#include "holdfast/repository/old_extents.h"
#include "holdfast/repository/variable_look.h"

namespace holdfast::repository {

// `old` may be null: there was none. invalid: too large for a tree.
Result<Content> build_variable_tree(const std::vector<VariableExtent>& extents, const OldExtents* old, NodeWriter& nodes);

}  // namespace holdfast::repository

// Companions as people name them: by a path that may be a pattern, or lead over links; and whether they fit together.
#pragma once

#include <string>

#include "holdfast/live/walk_companion.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/settings.h"

namespace holdfast::operations {

CompanionRequest companion_request(const CompanionSettings& companion);

// Whether the path has *, ? or [, and nothing is called just so.
bool is_pattern_in_path(host::FileSystem& files, const std::string& path);

// A path with *, ? or [, where nothing is called just so: the deepest folder without one is the companion, and the rest a
// pattern of what is included. `invalid`: there are other patterns to include beside it.
Result<CompanionRequest> without_pattern_in_path(host::FileSystem& files, CompanionRequest companion);

// `invalid`: the two are one and the same, or the inner one lies in the outer one, which does not leave it out.
Result<void> expect_apart(const live::CompanionOrder& outer, const live::CompanionOrder& inner);

// The path as it was named, absolute, where that is not the canonical one; else nothing.
Result<std::string> name_by_links(host::FileSystem& files, const std::string& path, const std::string& canonical);

}  // namespace holdfast::operations

// Databases that `source move` has followed to another place: where those of older backups lie now.
#pragma once

#include <string>

#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// The first backup of a moved database says so by these two tags.
constexpr std::string_view moved_from_tag = "moved-from", moved_to_tag = "moved-to";

// Where the database of a backup lies now: its own path, unless `source move` was told on this machine since. `corrupt`: a path that is none.
Result<std::string> lies_now(const repository::Repository& repository, const repository::Snapshot& of, const std::string& path);

}  // namespace holdfast::operations

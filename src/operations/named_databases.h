// The databases that a person named for a backup, each looked at once before anything is made for it.
#pragma once

#include <optional>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct NamedDatabase {
    std::string path;              // canonical, also of one that is missing
    std::optional<Error> failure;  // it is not there, or no database
    bool may_fail = false;         // also of a backup that is all or nothing: the others are what it is made for
};
// Each once. `invalid`: none is named, or one lies in a repository. When all fail, the first one's error.
Result<std::vector<NamedDatabase>> named_databases(Context& context, const std::vector<std::string>& names);
std::vector<std::string> paths_of(const std::vector<NamedDatabase>& databases);

}  // namespace holdfast::operations

// Which databases a guard is about when none is named.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

// Databases that make one backup together.
struct GuardedDatabases {
    std::vector<std::string> paths;
    std::string source;      // of the settings; empty: as the databases say
    std::string repository;  // the one that knows them; empty: as the request says
};
// Those named; else those of every source of the settings; else, without such, those of the only source that this machine
// has in the repository. `invalid`: there are several, or none.
Result<std::vector<GuardedDatabases>> guarded_databases(Context& context, const RepositoryRequest& repository, const std::vector<std::string>& named);

}  // namespace holdfast::operations

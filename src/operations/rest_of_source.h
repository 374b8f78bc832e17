// The rest of a source: the databases that make one backup with those that are about to be written.
#pragma once

#include <vector>

#include "holdfast/operations/backup.h"
#include "holdfast/operations/named_databases.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

// Adds, as those that may fail, the others of the source that the databases belong to: as the settings say, else as the
// newest backup of this machine with the first of them says. The request is one with its source's settings.
Result<void> add_rest_of_source(Context& context, OpenRepository& opened, const BackupRequest& request, std::vector<NamedDatabase>& databases);

}  // namespace holdfast::operations

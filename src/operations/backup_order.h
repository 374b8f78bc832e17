// What a backup is to do, found out before anything is recorded: its source, its purpose, and a look at each database.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/named_databases.h"
#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/record_backup.h"

namespace holdfast::operations {

// Without its members. The request has its settings (with_source_settings).
Result<BackupOrder> backup_order(Context& context, OpenRepository& opened, const BackupRequest& request,
                                 const std::vector<NamedDatabase>& databases);

// Not to be taken by companions; the repository's path, whether or not it is made yet.
NeverTaken never_taken(Context& context, const std::string& repository, const BackupRequest& request, const std::vector<NamedDatabase>& databases);

// Its members: each database looked at, without reading it.
void look_at_all(Context& context, OpenRepository& opened, std::vector<NamedDatabase> databases, BackupOrder& order);

}  // namespace holdfast::operations

// Which source of the settings the databases of a backup belong to: its name and tags are theirs.
#pragma once

#include "holdfast/operations/backup.h"
#include "holdfast/operations/load_settings.h"

namespace holdfast::operations {

// The name of the source that has this database; empty: none. Paths are compared with links resolved.
std::string source_of_database(Context& context, const Settings& settings, const std::string& database);

// The request with the settings loaded, and where its databases belong to a source of them, with that source's name, tags
// and query for the schema's version; and with hooks, where none are given. `invalid`: they belong to several, and none is named.
Result<BackupRequest> with_source_settings(Context& context, const BackupRequest& request);

}  // namespace holdfast::operations

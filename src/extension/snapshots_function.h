// holdfast_snapshots(repository, source): the backups of a repository as rows, newest first.
#pragma once

#include "holdfast/extension/table_function.h"
#include "holdfast/operations/context.h"

namespace holdfast::extension {

// Columns are the fields of `holdfast list --json`; lists in them are JSON.
TableFunction snapshots_function();

// Which repository is meant: the one named, with the secrets of a backup of it that this connection has attached; not
// named: that of the backups attached, else $HOLDFAST_REPOSITORY. `invalid`: backups of several are attached.
Result<operations::RepositoryRequest> repository_of(sqlite3* connection, const std::optional<std::string>& named);

}  // namespace holdfast::extension

// The repositories whose backups a connection has attached.
#pragma once

#include <vector>

#include "holdfast/operations/context.h"

struct sqlite3;

namespace holdfast::extension {

// Each once, with what unlocks it.
Result<std::vector<operations::RepositoryRequest>> attached_repositories(sqlite3* connection);
bool is_same_repository(const operations::RepositoryRequest& open, const operations::RepositoryRequest& asked);

}  // namespace holdfast::extension

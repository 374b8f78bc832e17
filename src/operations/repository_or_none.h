// What a restore from a file leans on: the repository that takes the safety backup; or, when nothing is replaced, none.
#pragma once

#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

// For new files: a pool, and no repository that anybody may ask for.
std::unique_ptr<OpenRepository> no_repository();

// That of the request, or the one beside the database; where there is none, .holdfast-safety beside it, made now.
Result<std::unique_ptr<OpenRepository>> repository_for_safety(Context& context, const RepositoryRequest& request, const std::string& database);

}  // namespace holdfast::operations

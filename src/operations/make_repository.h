// Making a repository in a folder: for init, for the default beside a database, and for safety backups.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/repository/keys.h"
#include "holdfast/store/local_store.h"

namespace holdfast::operations {

struct NewRepositoryPlan {
    std::string path;                // canonical; missing parents are made
    repository::Unlock unlock;       // holds a secret: everything is sealed
    bool group_access = false;
};
// After success the repository is there, with a .gitignore that keeps it out of version control. `exists` when there is
// one already, or a folder with other things in it. After a failure or a power cut there is none, and it can be made
// there again.
Result<repository::Config> make_repository(Context& context, const NewRepositoryPlan& plan);

// The store's modes as init chose them.
store::LocalStoreOptions store_options(const repository::Config& config);

}  // namespace holdfast::operations

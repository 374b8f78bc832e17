// is_as_kept(): whether a database is as a backup holds it, so that there is nothing to bring back, and nothing to keep anew.
#pragma once

#include <array>
#include <string>

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

struct KeptDatabase {
    std::array<std::byte, 16> source{};
    const repository::DirectoryEntry& entry;  // of a snapshot that was read whole
    std::string path;                         // where it lies
};
// Its content, but for what a commit counts up in the header: a restore in place is a commit, too. At sight where nothing
// was written since the last look; else it is read. False, too, of a database that is damaged, or gone.
// The same at sight alone: false, where it would have to be read.
bool is_known_as_kept(Context& context, const repository::Repository& repository, const KeptDatabase& kept);
Result<bool> is_as_kept(Context& context, const repository::Repository& repository, const KeptDatabase& kept);

}  // namespace holdfast::operations

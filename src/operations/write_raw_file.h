// The bytes of a member that is no database, written to a new file.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// Proven as they are read; synced; given its name last, so that a failure or a power cut leaves no file of that name.
// Missing folders are made. `exists` when the name is taken.
Result<void> write_raw_file(Context& context, const repository::Repository& repository,
                            const repository::DirectoryEntry& entry, const std::string& path);

}  // namespace holdfast::operations

// write_entry(): a file or a link of a companion as a new file, with the mode and the time it had.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// Of restored files: those of whoever restores, or as in the backup, where this process may.
enum class Owners { ours, as_in_backup };

struct EntryPlace {
    std::string path;            // nothing is there yet
    Owners owners = Owners::ours;
    std::string meant = {};      // the path that it is for, for messages; empty: the same
};
struct WrittenEntry {
    std::uint64_t bytes = 0;
    std::string warning;         // empty: none
};
// Every byte is proven as it comes out of the repository, is durable, and has been read back and compared. After a failure
// there may be a part of it. The index is open. `corrupt`: names the file, as do all others; `exists`.
Result<WrittenEntry> write_entry(Context& context, const repository::Repository& repository, const repository::DirectoryEntry& entry, const EntryPlace& place);

}  // namespace holdfast::operations

// write_companion(): a companion of a backup as a new file, folder or link, with the modes and times it had.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

struct CompanionPlace {
    std::string path;          // canonical; nothing is there yet
    enum class Owners { ours, as_in_backup } owners = Owners::ours;  // as_in_backup: where this process may
};
struct WrittenCompanion {
    std::uint64_t files = 0, bytes = 0;
    std::vector<std::string> warnings;
};
// Built aside, every byte proven as it is read, and durable before it gets its name: after a failure or a power cut there is
// all of it or nothing of that name (a cut may leave ".<name>.<n>.new" beside it). `corrupt`: names the file; `exists`.
Result<WrittenCompanion> write_companion(Context& context, const repository::Repository& repository, const repository::DirectoryEntry& companion, const CompanionPlace& place);

}  // namespace holdfast::operations

// write_companion(): a companion of a backup as a new file, folder or link, with the modes, the times and, where it may, the
// owners it had.
#pragma once

#include "holdfast/operations/write_entry.h"

namespace holdfast::operations {

struct CompanionPlace {
    std::string path;          // canonical; nothing is there yet
    Owners owners = Owners::ours;
};
struct WrittenCompanion {
    std::uint64_t files = 0, bytes = 0;
    std::vector<std::string> warnings;
};
// Built aside, every byte proven as it is read, and durable before it gets its name: after a failure or a power cut there is
// all of it or nothing of that name (a cut may leave ".<name>.<n>.new" beside it). `corrupt`: names the file; `exists`.
Result<WrittenCompanion> write_companion(Context& context, OpenRepository& opened, const repository::DirectoryEntry& companion, const CompanionPlace& place);

}  // namespace holdfast::operations

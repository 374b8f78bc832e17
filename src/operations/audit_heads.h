// Heads of audit logs that a repository keeps: in its snapshots and its notes.
#pragma once

#include "holdfast/operations/audit_check.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// What the repository knows of logs: heads, and the backups that were made.
struct MadeBackup {
    std::uint64_t number = 0;
    std::string audit_head;  // "": its maker had no entry yet, or kept no log
    std::string machine;
    Timestamp time;
    std::string in_words;    // for people
};
struct KnownOfLogs {
    std::vector<KeptHead> heads;  // of all machines that wrote to it
    std::vector<MadeBackup> made;
};
// What cannot be read, or is no head, is left out: verify tells of it.
Result<KnownOfLogs> known_of_logs(const repository::Repository& repository);

}  // namespace holdfast::operations

// Commands that bring a backup back, as people are told them: pasted into a shell on this machine, they work as printed.
#pragma once

#include <string>

#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

struct BackupToRestore {
    std::uint64_t number = 0;
    std::string repository;  // a path
    std::string only = {};   // of several databases this one; empty: all
    bool is_exact = false;   // what was not there then has to go
    bool is_raw = false;     // bytes that can be restored to a folder only
};
// With the flags by which a request opened that repository. Secrets of the environment and of the settings that are found
// by themselves are found again.
std::string restore_command(const RepositoryRequest& opened_by, const BackupToRestore& backup);
std::string undo_command(const RepositoryRequest& opened_by, const std::string& repository);

// The request for a repository that is `opened`, or, where that could not take a backup, another one beside the database:
// without a secret, which the other one refuses.
RepositoryRequest request_for(const RepositoryRequest& request, OpenRepository& opened, const std::string& repository);

}  // namespace holdfast::operations

// faults_of_companion(): a restored companion read back and compared with the backup.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

struct CompanionThere {
    std::string path;
    std::vector<std::string> databases;  // restored besides: the time of a folder that one was put into says nothing
};
// What differs there, a line each, at most some of it: kinds, bytes, targets, modes, times. Nothing: it is as in the backup.
// An Error is none of the files': the backup cannot be read, or it was stopped.
Result<std::vector<std::string>> faults_of_companion(Context& context, const repository::Repository& repository, const repository::DirectoryEntry& companion, const CompanionThere& there);

// The same of the bytes of one file; none: they are those of the entry. The index is open.
Result<std::optional<std::string>> fault_of_content(Context& context, const repository::Repository& repository, const repository::DirectoryEntry& entry, const std::string& path);

}  // namespace holdfast::operations

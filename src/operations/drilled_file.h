// A restored file, looked at as an application would need it: foreign keys and expectations.
#pragma once

#include "holdfast/history/history.h"
#include "holdfast/operations/drill.h"

namespace holdfast::operations {

// The newest backup of the source before this one that holds what it should; with its root nodes.
Result<std::optional<repository::Snapshot>> whole_backup_before(const repository::Repository& repository, const history::Moment& moment);

// That database in it, when it has it; null: it has not.
Result<std::unique_ptr<sqlite::Image>> image_of_member(const repository::Repository& repository, const std::optional<repository::Snapshot>& snapshot,
                                                       const std::string& name);

struct DrilledFile {
    const repository::Repository& repository;
    const std::string& path;                              // where it was restored
    const repository::DirectoryEntry& entry;              // what it is in the backup
    const std::optional<repository::Snapshot>& before;    // for losses
};
// Adds what does not hold to the findings. Errors: only `cancelled`; what cannot be read is a finding.
Result<void> look_at_file(Context& context, const DrilledFile& file, const std::vector<Expectation>& expectations, DrilledDatabase& into);

}  // namespace holdfast::operations

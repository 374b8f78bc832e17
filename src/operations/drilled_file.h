// A restored file, looked at as an application would need it: foreign keys and expectations.
#pragma once

#include "holdfast/history/history.h"
#include "holdfast/operations/drill.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/losses.h"

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
    const EarlierBackups& before;                         // for losses
};
// Adds what does not hold to the findings. Errors: only `cancelled`; what cannot be read is a finding.
Result<void> look_at_file(Context& context, const DrilledFile& file, const std::vector<Expectation>& expectations, DrilledDatabase& into);

// The same of a file that is no part of a repository: nothing was before it.
Result<void> look_at_file_alone(Context& context, const std::string& path, const std::vector<Expectation>& expectations, DrilledDatabase& into);

// The request with what the settings expect of the source besides, and their smoke command where none is given.
DrillRequest with_source_settings(DrillRequest request, const LoadedSettings& loaded, const std::string& source);
std::vector<Expectation> all_expectations(const DrillRequest& request);

// Tries the file with the request's smoke command, if there is one; its failure is a finding. Errors: only `cancelled`.
Result<void> run_smoke(Context& context, const DrillRequest& request, const std::string& path, DrilledDatabase& into);

}  // namespace holdfast::operations

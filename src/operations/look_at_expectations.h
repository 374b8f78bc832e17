// Whether a database is as its source's settings expect it.
#pragma once

#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/operations/expectations.h"
#include "holdfast/repository/repository.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

// What nothing can hold in: none of it is met, whatever a query would answer without any table.
std::vector<ExpectationResult> unmet_by_emptiness(const std::vector<Expectation>& expectations);

// Of one database; `before` is the same one in the backup before (null: there is none, and no loss to speak of). What cannot
// be answered is not met. Errors: only `cancelled`, and `corrupt` when the image cannot be read.
Result<std::vector<ExpectationResult>> look_at_expectations(Context& context, const sqlite::Image& image, const sqlite::Image* before,
                                                            const std::vector<Expectation>& expectations);

// The same of every database of a backup, compared with the backup before it.
Result<std::vector<ExpectationResult>> look_at_backup(Context& context, const repository::Repository& repository,
                                                      const repository::Snapshot& snapshot, const std::vector<Expectation>& expectations);

// Databases of the backup that are empty (0 bytes), and were not in the whole backup before it.
Result<std::vector<std::string>> emptied_in(const repository::Repository& repository, const repository::Snapshot& snapshot);

}  // namespace holdfast::operations

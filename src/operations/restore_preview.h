// What a restore in place would change, as a person can judge it: sizes, times, rows of each table, and the newest that would go.
#pragma once

#include <string>

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// Fills in what is there now and how the backup differs from it, as far as it can be compared in a few seconds.
// Reads the live database as a backup does. What cannot be looked at is left out: a preview never stops a restore.
// `opened` is where the images are kept, unless the plan is of an outside file. Errors: only `cancelled`.
Result<void> preview(Context& context, OpenRepository& opened, RestorePlan& plan);

// The same as a question, for Person::agrees.
std::string question_of(const RestorePlan& plan, Timestamp moment);

}  // namespace holdfast::operations

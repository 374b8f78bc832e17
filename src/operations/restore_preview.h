// What a restore in place would change, in numbers that a person can judge: sizes, times, rows of each table.
#pragma once

#include <string>

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// Fills in what is there now and, as far as it can be counted in a few seconds, the tables whose number of rows differs.
// Reads the live database as a backup does. What cannot be looked at is left out: a preview never stops a restore.
// Errors: only `cancelled`.
Result<void> preview(Context& context, RestorePlan& plan);

// The same as a question, for Person::agrees.
std::string question_of(const RestorePlan& plan, Timestamp moment);

}  // namespace holdfast::operations

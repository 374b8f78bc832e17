// What a database had before and has not now, row by row, for the recovery log.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::operations {

// "ledger: 12 rows", "ledger: 12 rows, and 3 had other values", "later: all 2 rows, with the table", "slow: not counted (…)";
// by table, empty when nothing is lost. Compares for at most half a minute. Errors: those of rows::compare().
Result<std::vector<std::string>> lost_rows(Context& context, const sqlite::Image& before, const sqlite::Image& after);

}  // namespace holdfast::operations

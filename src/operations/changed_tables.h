// Counts of changed rows as reports tell them. For this room only.
#pragma once

#include "holdfast/operations/sql_rows.h"
#include "holdfast/sqlite/count_changes.h"

namespace holdfast::operations {

// `internal`: names of those in which virtual tables keep what they hold.
std::vector<ChangedTable> changed_tables(const std::vector<sqlite::TableChanges>& changes, const std::vector<std::string>& internal);

}  // namespace holdfast::operations

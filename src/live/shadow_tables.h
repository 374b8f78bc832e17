// Shadow tables: where virtual tables (full text, R-Trees) keep what they hold.
#pragma once

#include <string>
#include <vector>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/count_changes.h"

namespace holdfast::live {

// The names of those among these that are. An old SQLite cannot tell: then none.
std::vector<std::string> shadow_tables_among(sqlite::Connection& connection, const std::vector<sqlite::TableChanges>& changes);

}  // namespace holdfast::live

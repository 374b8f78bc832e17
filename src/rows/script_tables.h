// What a script does with the tables of two schemas. For this room only.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/rows/schema.h"

namespace holdfast::rows {

// The ALTER TABLE statements that make the later table of the earlier one, by adding columns and nothing else; nullopt: it
// was declared anew. SQLite itself is asked, with empty tables.
std::optional<std::vector<std::string>> column_additions(const Table& before, const Table& after);

}  // namespace holdfast::rows

// Broken references: rows whose foreign keys name rows that are not there, as SQLite finds them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

struct BrokenReferences {
    std::string table, parent;
    std::uint64_t rows = 0;
};
// One entry for each pair of tables, by name. `invalid`: a foreign key names columns that no key of its parent has.
Result<std::vector<BrokenReferences>> broken_references(sqlite::Connection& connection, const Watch& watch);

// Every broken reference as one number, sorted: two lists tell what is new.
Result<std::vector<std::uint64_t>> reference_marks(sqlite::Connection& connection, const Watch& watch);

}  // namespace holdfast::live

// check_foreign_keys(): rows whose parents are missing, told in words.
#pragma once

#include <string>
#include <vector>

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

struct ForeignKeyFindings {
    std::uint64_t rows = 0;             // that violate a declared foreign key, in all
    std::vector<std::string> findings;  // one line a table and parent, with how many; at most 20
};
// PRAGMA foreign_key_check, whether enforcement is on or not. Errors: as for check_integrity; a key that can never match
// (its parent has no such unique column) is a finding, not an error.
Result<ForeignKeyFindings> check_foreign_keys(Connection& connection, const Watch& watch = {});

}  // namespace holdfast::sqlite

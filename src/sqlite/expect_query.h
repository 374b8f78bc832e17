// expect_query(): whether a text can be a question at all, asked of SQLite before there is a database.
#pragma once

#include <string>

#include "holdfast/base/error.h"

namespace holdfast::sqlite {

// One SELECT or VALUES, also behind WITH, or a PRAGMA that only reads. SQLite's parser is the judge; tables and functions
// need not exist. `invalid` says what it is instead, or where it goes wrong.
Result<void> expect_query(const std::string& sql);

}  // namespace holdfast::sqlite

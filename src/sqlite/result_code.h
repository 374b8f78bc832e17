// SQLite's result codes as our errors.
#pragma once

#include <string_view>

#include "holdfast/base/error.h"

struct sqlite3;

namespace holdfast::sqlite {

// What the receiver of this (extended) result code can do about it.
ErrorCode error_code_of(int result_code);

// "doing: SQLite's words" for a code that came without a connection.
Error result_failure(int result_code, std::string_view doing);

// The same for the last failure of a connection, with its own message and the system's reason where it has one.
Error connection_failure(sqlite3* connection, std::string_view doing);

}  // namespace holdfast::sqlite

// SqlValue: one value of a row, with the type that SQLite stored it as.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "holdfast/base/bytes.h"

namespace holdfast {

// null, integer, real, text in UTF-8 (as SQLite converts it; it may hold NUL and invalid UTF-8), blob.
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string, Bytes>;

}  // namespace holdfast

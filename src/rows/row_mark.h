// A number for a row's values, to remember many rows by.
#pragma once

#include <cstdint>
#include <span>

#include "holdfast/base/sql_value.h"

namespace holdfast::rows {

// Equal values give equal numbers; others nearly never.
std::uint64_t mark_of(std::span<const SqlValue> values);

}  // namespace holdfast::rows

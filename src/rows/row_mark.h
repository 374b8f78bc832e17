// A number for a row's values, to remember many rows by.
#pragma once

#include <cstdint>
#include <span>

#include "holdfast/rows/row_values.h"

namespace holdfast::rows {

// Equal values give equal numbers; others nearly never, but where only values in place differ, of the same size.
std::uint64_t mark_of(std::span<const RowValue> values);

}  // namespace holdfast::rows

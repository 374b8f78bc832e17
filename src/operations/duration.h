// Durations as people write them: "0", "90m", "24h", "7d", "12mo".
#pragma once

#include <cstdint>
#include <string_view>

#include "holdfast/base/error.h"

namespace holdfast::operations {

// Seconds. Units: s, m, h, d, w, mo (30 days), y (365 days); "0" needs none. `invalid` explains the form.
Result<std::int64_t> parse_duration_s(std::string_view text);

}  // namespace holdfast::operations

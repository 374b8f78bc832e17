// Standard input read to its end, for verbs that take their text from a pipe.
#pragma once

#include <cstdint>
#include <string>

#include "holdfast/base/error.h"

namespace holdfast::host {

// `invalid`: more than size_max bytes. `cancelled` on Ctrl-C.
Result<std::string> text_from_standard_input(std::uint64_t size_max);

}  // namespace holdfast::host

// A question asked on the terminal, answered by a line that everybody may see.
#pragma once

#include <string>

#include "holdfast/base/error.h"

namespace holdfast::host {

// Asks on /dev/tty. The line without its newline and the spaces around it; "" at the end of input. `unavailable` when there
// is no terminal, `cancelled` on Ctrl-C.
Result<std::string> line_from_terminal(const std::string& prompt);

}  // namespace holdfast::host

// Standard output as a place for bytes: for operations whose result goes there, and not onto a terminal.
#pragma once

#include "holdfast/base/bytes.h"

namespace holdfast::host {

// All of it, or an error: `unavailable` when its reader is gone, `full` when there is no room. A closed pipe ends the
// process, as it does to other programs, unless SIGPIPE is ignored.
Result<void> write_to_standard_output(ByteView bytes);

}  // namespace holdfast::host

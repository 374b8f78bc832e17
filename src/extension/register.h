// What a connection gets when the extension is loaded into it: the VFS of the process, and its functions.
#pragma once

#include "holdfast/base/error.h"

struct sqlite3;

namespace holdfast::extension {

// Any number of times.
Result<void> register_in(sqlite3* connection);

}  // namespace holdfast::extension

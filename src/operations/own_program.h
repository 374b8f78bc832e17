// own_program(): the path of the program that is running, for others to start it.
#pragma once

#include <string>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

// Canonical; of one that was replaced while it runs, where the new one is.
Result<std::string> own_program(Context& context);

}  // namespace holdfast::operations

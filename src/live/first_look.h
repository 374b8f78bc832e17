// look_before_freeze(): a look at a database that is not held, as freeze() takes one first where it pays.
#pragma once

#include "holdfast/live/freeze.h"

namespace holdfast::live {

// The image may be torn. Errors: the look's, and what is wrong with the database.
Result<void> look_before_freeze(host::Host host, const std::string& path, const FreezeOptions& options,
                                const std::function<Result<void>(const sqlite::Image&)>& look);

}  // namespace holdfast::live

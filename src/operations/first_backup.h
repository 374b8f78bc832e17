// The first backup of a source: two at once would each make a source of its own, and one past would be two for ever.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/host/file_system.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

// Held while the first backup of these databases is made in that repository, by this user of this machine; who has waited
// for it looks again whether the source is known. `busy`: another is being made, for longer than is to be waited. Null
// where no lock file can be made.
Result<std::unique_ptr<host::FileLock>> hold_first_backup(Context& context, const std::string& repository_id, const std::vector<std::string>& databases);

}  // namespace holdfast::operations

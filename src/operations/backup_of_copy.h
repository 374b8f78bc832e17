// backup_of_copy(): which backup a plain copy was written from, so that a person may name the one by the other.
#pragma once

#include <string>

#include "holdfast/operations/context.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// The backup's id. `not_found`: the catalogue of the folder knows no such copy of this repository; `corrupt`: the file is not
// what was written any more. The file may lie there under a link's name.
Result<std::string> backup_of_copy(Context& context, const repository::Repository& repository, const std::string& file);

}  // namespace holdfast::operations

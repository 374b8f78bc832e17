// verify FILE: a backup file of whatever kind, taken apart to its end, compared with the hashes beside it, checked by SQLite.
#pragma once

#include "holdfast/operations/verify.h"

namespace holdfast::operations {

// Whether the word means a file: it is there, and it is no way to name a backup of the repository.
Result<bool> means_a_file(Context& context, const std::string& word);

Result<VerifyReport> verify_file(Context& context, const VerifyRequest& request);

}  // namespace holdfast::operations

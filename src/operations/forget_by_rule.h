// The backups that a policy, or one rule once, does not keep: chosen, each with its reasons. For forget.
#pragma once

#include "holdfast/operations/forget.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// Changes nothing: the numbers are what is to be forgotten. The same for a dry run and the real one.
Result<ForgetReport> chosen_by_rule(Context& context, const repository::Repository& repository, const ForgetRequest& request);

}  // namespace holdfast::operations

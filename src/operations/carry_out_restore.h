// A planned restore shown, agreed to and carried out, wherever its images come from.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore_plan.h"

namespace holdfast::operations {

// `cancelled`: the person who was asked said no.
Result<void> expect_agreement(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request, Timestamp moment);

// A dry run, in place, or new files. Of a plan that is not in place, and from outside, no repository is asked for.
Result<void> carry_out(Context& context, OpenRepository& opened, RestorePlan& plan, const RestoreRequest& request, RestoreReport& report);

}  // namespace holdfast::operations

// A backup rehearsed: what --dry-run tells.
#pragma once

#include "holdfast/operations/backup.h"

namespace holdfast::operations {

// The request has its settings. Databases are looked at, not read; no hook is run, and nothing is written: where there is
// no repository yet, none is made. The number is the next one, as far as can be seen.
Result<BackupReport> rehearse_backup(Context& context, const BackupRequest& request);

}  // namespace holdfast::operations

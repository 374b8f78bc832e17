// drill of a backup that lies in a file of no repository.
#pragma once

#include "holdfast/operations/drill.h"
#include "holdfast/operations/load_settings.h"

namespace holdfast::operations {

// As drill() promises, of the file that the request names as its snapshot; of an archive of several backups each by itself.
// The settings' expectations are those of --source, else of the source whose database the file says it is of. Nothing is
// noted anywhere. `invalid`: flags that speak of a repository.
Result<DrillReport> drill_file(Context& context, const DrillRequest& request, const LoadedSettings& loaded);

}  // namespace holdfast::operations

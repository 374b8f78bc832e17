// after_restore(): whether what a restore in place has brought back works: what is not kept is built again, the files are
// compared with the databases, and the smoke tests are tried.
#pragma once

#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/restore.h"

namespace holdfast::operations {

struct RestoredSource {
    const LoadedSettings& loaded;
    HookFacts facts;                        // as the hooks were told; its source is the one in the settings
    std::vector<std::string> rebuilt = {};  // paths that the backup does not hold, as they are built again
    std::vector<std::string> unmet = {};    // what is noted of the backup, where all of it comes back
    std::string go_back = {};               // the command to go back; empty: there is none
};
// Behind the hooks, when the application may run again; of a dry run it is announced what would be done. What is not as it should be is in the report, with the way back, and
// makes it `unmet`: the restore itself has taken place.
void after_restore(Context& context, const RestoredSource& restored, RestoreReport& report);

}  // namespace holdfast::operations

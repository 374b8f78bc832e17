// What goes into a bundle beside the databases: settings files without their secrets, logs since the backup before, figures.
#pragma once

#include "holdfast/history/history.h"
#include "holdfast/operations/bundle_members.h"
#include "holdfast/operations/load_settings.h"

namespace holdfast::operations {

struct BundleExtras {
    std::vector<BundleMember> members;
    std::vector<RemovedFromBundle> removed;  // also a member: removed.json, whenever files or logs are there
    std::vector<std::string> warnings;       // what could not be taken, or only in part
};
// `with`: files, logs, metrics, all. Unlike databases they are what the machine holds now: logs are cut by the times in
// their lines, from the backup before to this one. Errors: `invalid` for a word that is none of these, or for which the settings name nothing;
// `not_found` for a file that the settings name and that is not there.
Result<BundleExtras> bundle_extras(Context& context, const LoadedSettings& loaded, const std::vector<std::string>& with, OpenRepository& opened,
                                   const history::Moment& moment);

}  // namespace holdfast::operations

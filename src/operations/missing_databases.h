// Databases that should be in the backups and are not, or that are gone from where they were backed up.
#pragma once

#include <string>
#include <vector>

#include "holdfast/history/history.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct LoadedSettings;

// Sentences for people. `missed`: of the sources of the settings; `warnings`: of sources of this machine that the settings
// do not name, of which nobody knows whether they went on purpose. What lies on other machines cannot be seen from here.
struct MissingDatabases {
    std::vector<std::string> missed, warnings;
};
MissingDatabases missing_databases(Context& context, const LoadedSettings& loaded, const std::vector<history::Moment>& moments);

}  // namespace holdfast::operations

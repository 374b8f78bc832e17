// own_places(): what holdfast itself writes beside the files of an application, and no companion of one holds.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/load_settings.h"

namespace holdfast::operations {

// Canonical: the folders of state and caches of this user, and, as the settings have them, repository, logs and the folders of
// plain copies; of these not one in which databases of a source lie as well.
std::vector<std::string> own_places(host::FileSystem& files, const LoadedSettings& loaded);

// The folders of plain copies alone.
std::vector<std::string> plain_copy_folders(host::FileSystem& files, const Settings& settings);

}  // namespace holdfast::operations

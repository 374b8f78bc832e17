// Moving the files of an old database aside: renamed, never deleted, and under names that SQLite finds together.
#pragma once

#include <string>
#include <vector>

#include "holdfast/host/host.h"

namespace holdfast::live {

// The sidecars that are there.
std::vector<std::string> sidecars_of(host::FileSystem& files, const std::string& path);

// "<path>.before-restore-20260801T093000Z", with a number behind it where that is taken: a name that neither a file has
// nor, with its ending, any sidecar.
Result<std::string> name_aside(host::Host host, const std::string& path);

// Renames the sidecars of `path` to be those of `aside`, durably. The names they got.
Result<std::vector<std::string>> move_sidecars(host::FileSystem& files, const std::string& path, const std::string& aside);

// Gives the old database second names, and only then takes its own away: the main file keeps its name until a new one
// takes it. What there is under the new names.
Result<std::vector<std::string>> keep_old_files(host::FileSystem& files, const std::string& path, const std::string& aside);

}  // namespace holdfast::live

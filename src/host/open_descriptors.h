// OpenDescriptors: every descriptor that processes have on some files, also on files that had these names and are gone.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/host/file_system.h"

namespace holdfast::host {

struct OpenDescriptor {
    std::int64_t process = 0;
    std::int64_t parent = 0;   // of the process; 0: not known
    std::string command;       // as shown by /proc/PID/comm
    std::string path;          // which of those asked for
    bool is_gone = false;      // the file that it has open has this name no more: removed, or replaced
};
struct OpenDescriptors {
    std::vector<OpenDescriptor> found;  // by process id; one entry a descriptor
    bool saw_every_process = false;     // false: some could not be looked at, so there may be more
};
// Of other processes than this one, in this PID namespace. Paths are canonical and need not exist. Reads names only, and
// opens none of the files. `unavailable` when there is no /proc.
Result<OpenDescriptors> descriptors_on(FileSystem& files, const std::vector<std::string>& paths);

}  // namespace holdfast::host

// Openers: which processes have a file open or mapped.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast::host {

struct Opener {
    std::int64_t process = 0;
    std::string command;  // as shown by /proc/PID/comm
};
struct Openers {
    std::vector<Opener> found;        // one a process, by process id
    bool saw_every_process = false;  // false: some /proc/PID/fd could not be read, so there may be more
};

// Who has the file (device and inode as in FileStatus) open or mapped, other than this process. Processes outside
// this PID namespace and on other machines are never seen. Fails `unavailable` when there is no /proc.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
};
Result<Openers> who_has_open(FileIdentity file);

}  // namespace holdfast::host

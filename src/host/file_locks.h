// File locks (POSIX record locks) that other processes hold, seen without opening the file: whoever opens and closes a
// file of a database drops the locks that its own process has on it.
#pragma once

#include <cstdint>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast::host {

struct FileLockHeld {
    std::int64_t process = 0;
    std::uint64_t inode = 0;
    std::uint64_t first = 0, last = 0;  // bytes of the file, both included
    bool is_write = false;
};
// What /proc/locks lists: of processes in this PID namespace, on all file systems. A device is not told reliably there
// (btrfs, overlayfs), so an inode number alone does not tell a file. `unavailable` without /proc.
Result<std::vector<FileLockHeld>> file_locks_held();

}  // namespace holdfast::host

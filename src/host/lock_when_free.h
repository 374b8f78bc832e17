// lock_when_free(): a lock file that another process may hold for a moment.
#pragma once

#include <memory>
#include <string>

#include "holdfast/base/progress.h"
#include "holdfast/host/host.h"

namespace holdfast::host {

struct LockWait {
    std::int64_t wait_ms = 2000;
    Watch watch = {};
};
// As FileSystem::try_lock, again and again. `busy` when it was held all the time; `cancelled`.
Result<std::unique_ptr<FileLock>> lock_when_free(Host host, const std::string& path, const LockWait& wait = {});

// The lock file of something that can have none beside it, in a folder of the state folder; `what` tells it from others.
struct StateLock {
    std::string folder, what;
};
Result<std::unique_ptr<FileLock>> lock_when_free(Host host, const StateLock& lock, const LockWait& wait = {});

}  // namespace holdfast::host

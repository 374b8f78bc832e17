// lock_when_free(): a lock file that another process may hold for a moment.
#pragma once

#include <memory>
#include <stop_token>

#include "holdfast/host/host.h"

namespace holdfast::host {

struct LockWait {
    std::int64_t wait_ms = 2000;
    std::stop_token stop = {};
};
// As FileSystem::try_lock, again and again. `busy` when it was held all the time; `cancelled`.
Result<std::unique_ptr<FileLock>> lock_when_free(Host host, const std::string& path, const LockWait& wait = {});

}  // namespace holdfast::host

#include "holdfast/host/lock_when_free.h"

namespace holdfast::host {

Result<std::unique_ptr<FileLock>> lock_when_free(Host host, const std::string& path, const LockWait& wait) {
    constexpr std::int64_t look_every_ms = 5;
    const Stopwatch waited(host.clock);
    for (;;) {
        auto lock = host.files.try_lock(path);
        if (lock || lock.error().code() != ErrorCode::busy || waited.ms() > static_cast<double>(wait.wait_ms)) return lock;
        if (wait.stop.stop_requested()) return fail(ErrorCode::cancelled, "stopped on request");
        host.clock.sleep_ms(look_every_ms);
    }
}

}  // namespace holdfast::host

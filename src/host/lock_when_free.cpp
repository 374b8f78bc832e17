#include "holdfast/host/lock_when_free.h"

#include "holdfast/base/hash.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"

namespace holdfast::host {

Result<std::unique_ptr<FileLock>> lock_when_free(Host host, const std::string& path, const LockWait& wait) {
    constexpr std::int64_t look_every_ms = 5;
    const Stopwatch waited(host.clock);
    for (;;) {
        auto lock = host.files.try_lock(path);
        if (lock || lock.error().code() != ErrorCode::busy || waited.ms() > static_cast<double>(wait.wait_ms)) return lock;
        TRY(wait.watch.go_on());
        host.clock.sleep_ms(look_every_ms);
    }
}

Result<std::unique_ptr<FileLock>> lock_when_free(Host host, const StateLock& lock, const LockWait& wait) {
    const auto folder = join_path(state_folder(), lock.folder);
    TRY(make_folders_durably(host.files, folder, 0700));
    return lock_when_free(host, join_path(folder, sha256(bytes_of(lock.what)).hex().substr(0, 16) + ".lock"), wait);
}

}  // namespace holdfast::host

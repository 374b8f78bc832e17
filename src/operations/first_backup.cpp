#include "holdfast/operations/first_backup.h"

#include "holdfast/base/text.h"
#include "holdfast/host/lock_when_free.h"

namespace holdfast::operations {

Result<std::unique_ptr<host::FileLock>> hold_first_backup(Context& context, const std::string& repository_id, const std::vector<std::string>& databases) {
    std::string all = repository_id;
    for (const auto& path : databases) all += '\n' + path;
    auto lock = host::lock_when_free(context.host, {.folder = "first-backups", .what = all}, {.wait_ms = context.lock_wait_ms, .watch = context.watch});
    if (lock || lock.error().code() == ErrorCode::cancelled) return lock;
    if (lock.error().code() != ErrorCode::busy) return std::unique_ptr<host::FileLock>();
    return fail(ErrorCode::busy, "back up {}: its first backup is being made right now, by another process", printable(databases.front())).with_advice("try again when that is done; --wait SECONDS waits for it");
}

}  // namespace holdfast::operations

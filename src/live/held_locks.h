// HeldLock: databases whose write lock this process holds itself, so that a freeze need not and cannot lock them.
#pragma once

#include <cstdint>

#include "holdfast/host/file_system.h"

namespace holdfast::live {

// SQLite's locks belong to a process, but within it each connection's exclude the others': write_live(), which holds a
// rollback-mode database exclusively while its safety backup is made, says so here, and freeze() reads without a lock.
// Thread-safe.
class HeldLock {
public:
    explicit HeldLock(const host::FileStatus& database);
    HeldLock(const HeldLock&) = delete;
    HeldLock& operator=(const HeldLock&) = delete;
    ~HeldLock();

private:
    std::uint64_t device_, inode_;
};
bool is_held_by_us(const host::FileStatus& database);

}  // namespace holdfast::live

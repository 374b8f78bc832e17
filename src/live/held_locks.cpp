#include "holdfast/live/held_locks.h"

#include <mutex>
#include <set>
#include <utility>

namespace holdfast::live {
namespace {

struct Held {
    std::mutex mutex;
    std::multiset<std::pair<std::uint64_t, std::uint64_t>> databases;  // device, inode
};
Held& held() {
    static Held all;
    return all;
}

}  // namespace

HeldLock::HeldLock(const host::FileStatus& database) : device_(database.device), inode_(database.inode) {
    const std::lock_guard lock(held().mutex);
    held().databases.emplace(device_, inode_);
}

HeldLock::~HeldLock() {
    const std::lock_guard lock(held().mutex);
    held().databases.erase(held().databases.find({device_, inode_}));
}

bool is_held_by_us(const host::FileStatus& database) {
    const std::lock_guard lock(held().mutex);
    return held().databases.contains({database.device, database.inode});
}

}  // namespace holdfast::live

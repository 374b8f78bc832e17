#include "holdfast/live/blockers.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/file_locks.h"
#include "holdfast/live/who_has_it.h"

namespace holdfast::live {
namespace {

struct LockBytes {
    std::uint64_t first, last;
};
// SQLite's file format: PENDING, RESERVED and the SHARED range of the main file; the write lock of the wal-index.
constexpr LockBytes main_locks{0x40000000, 0x40000000 + 511};
constexpr LockBytes wal_write_lock{120, 120};

std::vector<std::int64_t> lockers_of(host::Host host, const std::string& file, LockBytes bytes) {
    std::vector<std::int64_t> processes;
    const auto status = host::status_if_any(host.files, file);
    const auto locks = host::file_locks_held();
    if (!status || !*status || !locks) return processes;
    for (const auto& lock : *locks) {
        const bool overlaps = lock.first <= bytes.last && lock.last >= bytes.first;
        if (lock.inode == (*status)->inode && overlaps) processes.push_back(lock.process);
    }
    return processes;
}

}  // namespace

host::Openers blockers_of(host::Host host, const std::string& path, bool is_wal) {
    const auto lockers = is_wal ? lockers_of(host, path + "-shm", wal_write_lock) : lockers_of(host, path, main_locks);
    auto openers = openers_of(host, path);
    std::erase_if(openers.found, [&](const host::Opener& opener) {
        return std::ranges::find(lockers, opener.process) == lockers.end();
    });
    return openers;
}

Result<void> expect_unblocked(host::Host host, const RoutePlan& plan, const PlaceOptions& options, const Watch& watch) {
    constexpr std::int64_t pause_ms = 50;
    for (std::int64_t waited_ms = 0;; waited_ms += pause_ms) {
        const auto blockers = blockers_of(host, plan.target, plan.is_wal);
        if (blockers.found.empty()) return {};
        if (waited_ms >= options.wait_ms) return refused_as_locked(plan.target, blockers, "it is locked");
        watch.at({.phase = "waiting for locks", .done = static_cast<std::uint64_t>(waited_ms), .total = 0});
        TRY(watch.go_on());
        host.clock.sleep_ms(pause_ms);
    }
}

Error refused_as_locked(const std::string& path, const host::Openers& openers, std::string_view why) {
    const std::string who = openers.found.empty() ? "" : format(" (open in {})", in_words(openers));
    return fail(ErrorCode::busy, "write into {}{}: {}", printable(path), who, why)
        .with_advice("wait for readers and writers to end, or --wait longer; an application in exclusive mode must be stopped");
}

}  // namespace holdfast::live

#include "holdfast/live/unnamed_file.h"

#include "holdfast/base/text.h"
#include "holdfast/host/openers.h"

namespace holdfast::live {
namespace {

constexpr std::string_view ending = ".restoring";

std::string beginning_for(const std::string& future_path) { return format(".{}.", host::file_name_of(future_path)); }

bool is_one_of(const std::string& name, const std::string& beginning) {
    return name.starts_with(beginning) && name.ends_with(ending) &&
           name.size() == beginning.size() + 16 + ending.size();
}

// Nobody is seen to have it open, its lock is free, and its writer is not just between giving up the lock and renaming
// it. Where locks cannot be had, an hour has to do.
bool is_left_by_the_dead(host::Host host, const std::string& path) {
    const auto status = host.files.status_of_link(path);
    if (!status || status->kind != host::FileKind::regular) return false;
    const auto openers = host::who_has_open({status->device, status->inode});
    if (!openers || !openers->found.empty()) return false;
    const auto lock = host.files.try_lock(path);
    if (!lock && lock.error().code() == ErrorCode::busy) return false;
    const std::int64_t age_min = (lock ? 10 : 3600) * nanoseconds_per_second;
    return host.clock.now().nanoseconds - status->changed.nanoseconds >= age_min;
}

void remove_leftovers(host::Host host, const std::string& future_path) {
    const std::string folder = host::folder_of(future_path), beginning = beginning_for(future_path);
    const auto names = host.files.list(folder);
    if (!names) return;
    for (const auto& name : *names) {
        if (!is_one_of(name, beginning)) continue;
        const std::string path = host::join_path(folder, name);
        if (is_left_by_the_dead(host, path)) static_cast<void>(host.files.remove(path));
    }
}

}  // namespace

// The name is never used again, so that a rename of it never moves another writer's file.
Result<UnnamedFile> create_unnamed(host::Host host, const std::string& future_path) {
    constexpr std::uint32_t only_mine = 0600;
    remove_leftovers(host, future_path);
    UnnamedFile made;
    made.path = host::join_path(host::folder_of(future_path),
                                format("{}{:016x}{}", beginning_for(future_path), host::random_u64(host.random), ending));
    made.file = TRY(host.files.create(made.path, only_mine));
    auto lock = host.files.try_lock(made.path);
    if (lock) made.lock = *std::move(lock);
    return made;
}

}  // namespace holdfast::live

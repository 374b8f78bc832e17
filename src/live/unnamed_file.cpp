#include "holdfast/live/unnamed_file.h"

#include "holdfast/base/text.h"
#include "holdfast/host/openers.h"

namespace holdfast::live {
namespace {

constexpr std::string_view ending = ".restoring";
constexpr std::size_t digits = 16;

// Long names are cut, so that ours are not too long for the file system.
std::string beginning_for(const std::string& future_path) {
    constexpr std::size_t kept_max = 200;
    return format(".{}.", host::file_name_of(future_path).substr(0, kept_max));
}

bool is_one_of(std::string_view name, const std::string& beginning) {
    if (!name.starts_with(beginning) || !name.ends_with(ending) || name.size() != beginning.size() + digits + ending.size()) return false;
    return name.substr(beginning.size(), digits).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Nobody is seen to have it open, its lock is free, and its writer is not just between giving up the lock (which is when
// about_to_be_named() was called) and renaming it. Where locks cannot be had, an hour has to do.
bool is_left_by_the_dead(host::Host host, const std::string& path) {
    const auto status = host.files.status_of_link(path);
    if (!status || status->kind != host::FileKind::regular) return false;
    const auto openers = host::who_has_open({status->device, status->inode});
    if (!openers || !openers->found.empty()) return false;
    const auto lock = host.files.try_lock(path);
    if (!lock && lock.error().code() == ErrorCode::busy) return false;
    const std::int64_t age_min = (lock ? 2 : 3600) * nanoseconds_per_second;
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

void about_to_be_named(host::Host host, const std::string& path, std::unique_ptr<host::FileLock>& lock) {
    // Sets the time by which others tell that its writer lives.
    if (const auto status = host.files.status_of_link(path)) static_cast<void>(host.files.set_mode(path, status->mode));
    lock.reset();
}

}  // namespace holdfast::live

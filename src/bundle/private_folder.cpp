#include "holdfast/bundle/private_folder.h"

#include "holdfast/base/text.h"

namespace holdfast::bundle {
namespace {

constexpr std::string_view beginning = ".holdfast-unpacked.";
constexpr std::string_view lock_name = "lock";
constexpr std::size_t digits = 16;

bool is_one(std::string_view name) {
    return name.size() == beginning.size() + digits && name.starts_with(beginning) &&
           name.substr(beginning.size()).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Its owner holds the lock in it. One that has none yet is being made, or its maker died within a moment.
bool is_left_by_the_dead(host::Host host, const std::string& folder) {
    constexpr std::int64_t being_made_s = 60;
    const auto status = host.files.status_of_link(folder);
    if (!status || status->kind != host::FileKind::folder) return false;
    if (host.clock.now().nanoseconds - status->changed.nanoseconds < being_made_s * nanoseconds_per_second) {
        if (const auto has_lock = host::exists(host.files, host::join_path(folder, lock_name)); !has_lock || !*has_lock) return false;
    }
    return host.files.try_lock(host::join_path(folder, lock_name)).ok();
}

void remove_leftovers(host::Host host, const std::string& in) {
    const auto names = host.files.list(in);
    if (!names) return;
    for (const auto& name : *names) {
        const std::string folder = host::join_path(in, name);
        if (is_one(name) && is_left_by_the_dead(host, folder)) static_cast<void>(host::remove_tree(host.files, folder).ok());
    }
}

}  // namespace

Result<PrivateFolder> PrivateFolder::make(host::Host host, const std::string& in) {
    constexpr std::uint32_t only_mine = 0700;
    TRY(host::make_folders_durably(host.files, in, only_mine));
    remove_leftovers(host, in);
    std::string path = host::join_path(in, format("{}{:016x}", beginning, host::random_u64(host.random)));
    TRY(host.files.make_folder(path, only_mine));
    auto lock = TRY(host.files.try_lock(host::join_path(path, lock_name)));
    return PrivateFolder(host, std::move(path), std::move(lock));
}

PrivateFolder::PrivateFolder(PrivateFolder&& other) noexcept
    : host_(other.host_), path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}

PrivateFolder::~PrivateFolder() {
    if (!path_.empty()) static_cast<void>(host::remove_tree(host_.files, path_).ok());
}

}  // namespace holdfast::bundle

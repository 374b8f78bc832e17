#include "holdfast/host/openers.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "holdfast/base/text.h"
#include "holdfast/host/proc.h"

namespace holdfast::host {
namespace {

bool is_file(const struct stat& status, FileIdentity file) {
    return status.st_dev == file.device && status.st_ino == file.inode;
}

enum class Seen { holds, holds_not, hidden };

// A process that ends meanwhile holds nothing any more.
Seen seen_when_unreadable() { return errno == ENOENT || errno == ESRCH ? Seen::holds_not : Seen::hidden; }

Seen look_at_descriptors(std::int64_t process, FileIdentity file) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(format("/proc/{}/fd", process).c_str()),
                                                     [](DIR* it) { return ::closedir(it); });
    if (!folder) return seen_when_unreadable();
    errno = 0;
    while (const dirent* entry = ::readdir(folder.get())) {
        struct stat status{};
        if (::fstatat(::dirfd(folder.get()), entry->d_name, &status, 0) == 0 && is_file(status, file)) {
            return Seen::holds;
        }
        errno = 0;
    }
    return errno == 0 ? Seen::holds_not : seen_when_unreadable();
}

// One line of maps: "from-to rights offset major:minor inode    path".
bool maps_line_names(std::string_view line, FileIdentity file) {
    std::string_view fields[5];
    for (auto& field : fields) {
        const auto end = line.find(' ');
        if (end == std::string_view::npos) return false;
        field = line.substr(0, end);
        line.remove_prefix(end + 1);
    }
    if (parse_integer<std::uint64_t>(fields[4]) != file.inode) return false;
    const auto colon = fields[3].find(':');
    if (colon == std::string_view::npos) return false;
    const auto major = parse_integer<std::uint64_t>(fields[3].substr(0, colon), 16);
    const auto minor = parse_integer<std::uint64_t>(fields[3].substr(colon + 1), 16);
    if (!major || !minor) return false;
    if (::makedev(static_cast<unsigned>(*major), static_cast<unsigned>(*minor)) == file.device) return true;
    // Where maps names another device than stat() does (btrfs, overlayfs) the path decides.
    struct stat status{};
    return ::stat(std::string(trim(line)).c_str(), &status) == 0 && is_file(status, file);
}

bool has_mapped(std::int64_t process, FileIdentity file) {
    const auto maps = read_proc(format("/proc/{}/maps", process));
    if (!maps) return false;
    const auto lines = split(*maps, '\n');
    return std::ranges::any_of(lines, [&](const std::string& line) { return maps_line_names(line, file); });
}

// Mappings are looked at where they may be seen; descriptors must be seen. SQLite keeps the descriptor of what it maps.
Seen look_at_process(std::int64_t process, FileIdentity file) {
    const auto descriptors = look_at_descriptors(process, file);
    return descriptors != Seen::holds && has_mapped(process, file) ? Seen::holds : descriptors;
}

}  // namespace

Result<Openers> who_has_open(FileIdentity file) {
    const auto processes = visible_processes();
    if (processes.empty()) {
        return fail(ErrorCode::unavailable, "look for processes that have a file open: /proc cannot be read");
    }
    Openers openers;
    openers.saw_every_process = ::geteuid() == 0 || !processes_may_be_unlisted();
    for (const auto process : processes) {
        if (process == ::getpid()) continue;
        switch (look_at_process(process, file)) {
            case Seen::holds: openers.found.push_back({process, command_of_process(process)}); break;
            case Seen::hidden: openers.saw_every_process = false; break;
            case Seen::holds_not: break;
        }
    }
    return openers;
}

}  // namespace holdfast::host

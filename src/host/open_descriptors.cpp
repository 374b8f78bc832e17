#include "holdfast/host/open_descriptors.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/host/proc.h"

namespace holdfast::host {
namespace {

struct Wanted {
    std::string path;
    std::optional<FileStatus> status;  // none: there is no such file now
};

// The kernel appends this to the name of what a descriptor has open when the name is gone.
constexpr std::string_view gone_ending = " (deleted)";

std::string link_of(int folder, const char* name) {
    std::string text(4096, '\0');
    const auto length = ::readlinkat(folder, name, text.data(), text.size());
    text.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
    return text;
}

std::optional<OpenDescriptor> match(const std::vector<Wanted>& wanted, const struct stat& status, const std::string& link) {
    for (const auto& one : wanted) {
        if (one.status && one.status->device == status.st_dev && one.status->inode == status.st_ino) {
            return OpenDescriptor{.process = 0, .parent = 0, .command = {}, .path = one.path, .is_gone = false};
        }
        if (link.size() == one.path.size() + gone_ending.size() && link.starts_with(one.path) && link.ends_with(gone_ending)) {
            return OpenDescriptor{.process = 0, .parent = 0, .command = {}, .path = one.path, .is_gone = true};
        }
    }
    return std::nullopt;
}

// False: the process does not let us look.
bool look_at(std::int64_t process, const std::vector<Wanted>& wanted, std::vector<OpenDescriptor>& found) {
    const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(format("/proc/{}/fd", process).c_str()), [](DIR* it) { return ::closedir(it); });
    if (!folder) return errno == ENOENT || errno == ESRCH;  // it has ended, and holds nothing
    const int place = ::dirfd(folder.get());
    while (const dirent* entry = ::readdir(folder.get())) {
        struct stat status{};
        if (::fstatat(place, entry->d_name, &status, 0) != 0 || !S_ISREG(status.st_mode)) continue;
        auto one = match(wanted, status, link_of(place, entry->d_name));
        if (!one) continue;
        one->process = process;
        found.push_back(std::move(*one));
    }
    return true;
}

}  // namespace

Result<OpenDescriptors> descriptors_on(FileSystem& files, const std::vector<std::string>& paths) {
    const auto processes = visible_processes();
    if (processes.empty()) return fail(ErrorCode::unavailable, "look for processes that have a file open: /proc cannot be read");
    std::vector<Wanted> wanted;
    for (const auto& path : paths) wanted.push_back({path, TRY(status_if_any(files, path))});
    OpenDescriptors open{.found = {}, .saw_every_process = ::geteuid() == 0 || !processes_may_be_unlisted()};
    for (const auto process : processes) {
        if (process == ::getpid()) continue;
        const std::size_t before = open.found.size();
        if (!look_at(process, wanted, open.found)) open.saw_every_process = false;
        if (open.found.size() == before) continue;
        const auto stat = stat_of_process(process);
        const std::string command = command_of_process(process);
        for (auto one = open.found.begin() + static_cast<std::ptrdiff_t>(before); one != open.found.end(); ++one) {
            one->parent = stat ? stat->parent : 0;
            one->command = command;
        }
    }
    return open;
}

}  // namespace holdfast::host

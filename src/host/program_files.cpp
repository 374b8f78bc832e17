#include "holdfast/host/program_files.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"
#include "holdfast/host/proc.h"

namespace holdfast::host {

Result<std::vector<ProgramFile>> program_files_of(std::int64_t process) {
    const std::string maps = TRY(read_proc(format("/proc/{}/maps", process)));
    constexpr std::string_view gone_ending = " (deleted)";
    const auto program = posix_file_system().read_link(format("/proc/{}/exe", process));
    std::vector<ProgramFile> found;
    for (const auto& line : split(maps, '\n')) {
        // "from-to r-xp offset major:minor inode    /path"
        const auto rights = line.find(' ');
        const auto slash = line.find(" /");
        if (rights == std::string::npos || slash == std::string::npos || line.size() < rights + 4 || line[rights + 3] != 'x') continue;
        ProgramFile file{.name = line.substr(slash + 1), .path = {}, .is_program = false, .is_gone = false};
        file.is_program = program && *program == file.name;
        if (file.name.ends_with(gone_ending)) {
            file.name.resize(file.name.size() - gone_ending.size());
            file.is_gone = true;
        }
        file.path = format("/proc/{}/root{}", process, file.name);
        if (std::ranges::find(found, file.name, &ProgramFile::name) == found.end()) found.push_back(std::move(file));
    }
    return found;
}

}  // namespace holdfast::host

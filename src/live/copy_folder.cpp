#include "holdfast/live/copy_folder.h"

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/host/random.h"

namespace holdfast::live {

CopyFolder::~CopyFolder() {
    if (!path_.empty()) static_cast<void>(host::remove_tree(host_.files, path_));
}

Result<void> CopyFolder::make() {
    constexpr std::uint32_t only_mine = 0700;
    const std::string all = host::join_path(host::cache_folder(), "frozen");
    TRY(host::make_folders_durably(host_.files, all, only_mine));
    remove_leftovers(all);
    const auto path = host::join_path(all, format("{}-{:016x}", host::this_process().text(), host::random_u64(host_.random)));
    TRY(host_.files.make_folder(path, only_mine));
    path_ = path;
    return {};
}

void CopyFolder::remove_leftovers(const std::string& all) {
    const auto names = host_.files.list(all);
    if (!names) return;
    for (const auto& name : *names) {
        const auto owner = host::ProcessIdentity::parse(name.substr(0, name.rfind('-')));
        if (!owner || host::is_alive(*owner) != host::Alive::no) continue;
        static_cast<void>(host::remove_tree(host_.files, host::join_path(all, name)));
    }
}

}  // namespace holdfast::live

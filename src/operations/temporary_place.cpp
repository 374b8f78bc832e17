#include "holdfast/operations/temporary_place.h"

#include <optional>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/process_identity.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view prefix = ".holdfast-temporary-";
constexpr std::uint32_t only_mine = 0700;

std::vector<std::string> candidates(const PlaceNeeded& needed) {
    if (!needed.folder.empty()) return {needed.folder};
    std::vector<std::string> folders;
    if (const auto chosen = host::environment("TMPDIR"); chosen && !chosen->empty()) folders.push_back(*chosen);
    folders.insert(folders.end(), {"/var/tmp", "/tmp"});
    if (const auto cache = host::cache_folder(); !cache.empty()) folders.push_back(cache);
    return folders;
}

// Whose folder it is stands in its name; one of a process that has ended is nobody's.
void sweep(host::FileSystem& files, const std::string& folder) {
    const auto names = files.list(folder);
    if (!names) return;
    for (const auto& name : *names) {
        if (!name.starts_with(prefix)) continue;
        const auto text = std::string_view(name).substr(prefix.size());
        const auto owner = host::ProcessIdentity::parse(text.substr(0, text.find('_')));
        if (owner && host::is_alive(*owner) == host::Alive::no) static_cast<void>(host::remove_tree(files, host::join_path(folder, name)));
    }
}

}  // namespace

Result<TemporaryPlace> TemporaryPlace::make(Context& context, const PlaceNeeded& needed) {
    auto& files = context.host.files;
    const std::string name = format("{}{}_{:016x}", prefix, host::this_process().text(), host::random_u64(context.host.random));
    std::string lacking;
    for (const auto& folder : candidates(needed)) {
        sweep(files, folder);
        const auto room = files.free_bytes(folder);
        if (!room || *room < needed.bytes) {
            lacking += format("{}{} ({})", lacking.empty() ? "" : ", ", printable(folder), room ? human_bytes(*room) + " free" : "not to be used");
            continue;
        }
        const std::string path = host::join_path(folder, name);
        const auto made = files.make_folder(path, only_mine);
        if (made) return TemporaryPlace(files, path);
        lacking += format("{}{}", lacking.empty() ? "" : ", ", made.error().message());
    }
    return fail(ErrorCode::full, "find a temporary place for {}: {}", human_bytes(needed.bytes), lacking)
        .with_advice("--in FOLDER with a folder on a disk that has room, or TMPDIR in the environment");
}

TemporaryPlace::~TemporaryPlace() { static_cast<void>(remove()); }

Result<void> TemporaryPlace::remove() {
    if (path_.empty()) return {};
    return host::remove_tree(files_, std::exchange(path_, {}));
}

}  // namespace holdfast::operations

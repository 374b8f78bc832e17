#include "holdfast/operations/own_places.h"

#include <algorithm>

#include "holdfast/host/environment.h"

namespace holdfast::operations {

namespace {

// What cannot be resolved is nowhere.
void add(host::FileSystem& files, const std::string& path, std::vector<std::string>& places) {
    if (path.empty()) return;
    if (auto canonical = host::canonical_or_future(files, path)) places.push_back(*std::move(canonical));
}

}  // namespace

std::vector<std::string> plain_copy_folders(host::FileSystem& files, const Settings& settings) {
    std::vector<std::string> folders, databases;
    for (const auto& [name, source] : settings.source) {
        if (source.plain_copies) add(files, source.plain_copies->folder, folders);
        for (const auto& database : source.databases) add(files, database, databases);
    }
    std::erase_if(folders, [&](const std::string& folder) {
        return std::ranges::any_of(databases, [&](const std::string& database) { return database.starts_with(folder == "/" ? folder : folder + "/"); });
    });
    return folders;
}

std::vector<std::string> own_places(host::FileSystem& files, const LoadedSettings& loaded) {
    auto places = plain_copy_folders(files, loaded.settings);
    for (const auto& path : {host::state_folder(), host::cache_folder(), loaded.settings.repository.path, loaded.settings.log.audit, loaded.settings.log.recovery}) add(files, path, places);
    return places;
}

}  // namespace holdfast::operations

#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"

namespace holdfast::host {
namespace {

std::string_view without_last_slashes(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    return path;
}

}  // namespace

std::string join_path(std::string_view folder, std::string_view name) {
    if (folder.empty() || name.starts_with('/')) return std::string(name);
    if (name.empty()) return std::string(folder);
    std::string path(without_last_slashes(folder));
    if (path.back() != '/') path += '/';
    return path.append(name);
}

std::string folder_of(std::string_view path) {
    path = without_last_slashes(path);
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return ".";
    return std::string(without_last_slashes(path.substr(0, slash + 1)));
}

std::string file_name_of(std::string_view path) {
    path = without_last_slashes(path);
    return std::string(path.substr(path.rfind('/') + 1));
}

Result<std::string> existing_folder_of(FileSystem& files, const std::string& path) {
    std::string folder = folder_of(path);
    while (!TRY(exists(files, folder)) && folder_of(folder) != folder) folder = folder_of(folder);
    return folder;
}

Result<std::string> canonical_or_future(FileSystem& files, const std::string& path) {
    constexpr int steps_max = 4096;  // parts of a path and links in it; links may go round in a circle
    std::string there = path, rest;
    for (int step = 0; step < steps_max; ++step) {
        auto resolved = files.canonical(there);
        if (resolved) return rest.empty() ? std::move(resolved) : join_path(*resolved, rest);
        if (resolved.error().code() != ErrorCode::not_found) return std::move(resolved).error();
        const auto link = files.status_of_link(there);
        if (link && link->kind == FileKind::link) {
            there = join_path(folder_of(there), TRY(files.read_link(there)));
            continue;
        }
        const std::string name = file_name_of(there);
        if (name == "..") {
            return fail(ErrorCode::not_found, "resolve {}: '..' of a folder that does not exist", printable(path));
        }
        if (name != ".") rest = rest.empty() ? name : join_path(name, rest);
        if (folder_of(there) == there) break;
        there = folder_of(there);
    }
    return fail(ErrorCode::invalid, "resolve {}: the path has no end", printable(path));
}

}  // namespace holdfast::host

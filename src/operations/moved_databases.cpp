#include "holdfast/operations/moved_databases.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/process_identity.h"

namespace holdfast::operations {

namespace {

using repository::Snapshot;

std::string value_of(const Snapshot& snapshot, std::string_view tag) {
    const auto at = std::ranges::find_if(snapshot.tags, [&](const auto& one) { return one.first == tag; });
    return at == snapshot.tags.end() ? std::string() : at->second;
}

// Tags are texts that anybody may give.
Result<std::string> expect_path(const Snapshot& snapshot, std::string path) {
    const auto parts = split(path, '/');
    const bool climbs = std::ranges::any_of(parts, [](const auto& part) { return part == ".." || part == "."; });
    if (path.starts_with('/') && !path.ends_with('/') && !climbs && path.find('\0') == std::string::npos) return path;
    return fail(ErrorCode::corrupt, "restore: backup #{} says that its database was moved to '{}', which is no path", snapshot.number.value, printable(path));
}

}  // namespace

Result<std::string> lies_now(const repository::Repository& repository, const Snapshot& of, const std::string& path) {
    const auto is_of_source = [&](const Snapshot& other) { return other.source.id == of.source.id; };
    const auto newest = TRY(repository.newest(is_of_source));
    if (!newest || std::ranges::find(newest->source.paths, path) != newest->source.paths.end()) return path;
    const auto machine = host::this_machine();  // where it went on another one says nothing of this one
    std::string now = path;
    auto since = of.number;
    constexpr int moves_max = 100;
    for (int moves = 0; moves < moves_max; ++moves) {
        std::optional<Snapshot> next;  // the oldest move of it since then
        TRY(repository.newest([&](const Snapshot& other) {
            if (other.number <= since) return true;
            if (is_of_source(other) && other.source.machine == machine && value_of(other, moved_from_tag) == now) next = other;
            return false;
        }));
        if (!next) break;
        now = TRY(expect_path(*next, value_of(*next, moved_to_tag)));
        since = next->number;
    }
    return now;
}

}  // namespace holdfast::operations

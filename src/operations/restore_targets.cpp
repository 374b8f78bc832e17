#include "holdfast/operations/restore_targets.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

using repository::DirectoryEntry;
using repository::Snapshot;

Result<std::vector<const DirectoryEntry*>> wanted_members(const Snapshot& snapshot, const RestorePlace& place) {
    std::vector<const DirectoryEntry*> wanted;
    for (const auto& entry : snapshot.members) {
        TRY(expect_canonical(entry.name));
        if (place.only.empty() || place.only.contains(entry.name)) wanted.push_back(&entry);
    }
    const bool tells_what_was_missing = place.to.empty() && !snapshot.missing.empty();  // the state before a part of a set came back
    if (wanted.empty() && snapshot.companions.empty() && !tells_what_was_missing) return fail(ErrorCode::invalid, "restore backup #{}: it holds nothing", snapshot.number.value);
    return wanted;
}

}  // namespace

Result<void> expect_canonical(const std::string& name) {
    bool is_canonical = name.starts_with('/') && !name.ends_with('/') && name.find('\0') == std::string::npos;
    for (const auto& part : split(name.substr(std::min<std::size_t>(1, name.size())), '/')) {
        is_canonical = is_canonical && !part.empty() && part != "." && part != "..";
    }
    if (is_canonical) return {};
    return fail(ErrorCode::corrupt, "restore: '{}' is no path that a backup has", printable(name));
}

std::string shared_folder(const Snapshot& snapshot) {
    std::optional<std::string> shared;
    const auto widen = [&](const std::string& path) {
        if (!path.starts_with('/')) return;  // no name that a backup has
        if (!shared) shared = host::folder_of(path);
        while (*shared != "/" && !path.starts_with(*shared + "/")) shared = host::folder_of(*shared);
    };
    for (const auto& entry : snapshot.members) widen(entry.name);
    for (const auto& entry : snapshot.companions) widen(entry.name);
    for (const auto& failed : snapshot.failed) widen(failed.path);
    return !shared || *shared == "/" ? "/" : *shared + "/";
}

Result<std::vector<RestoreTarget>> restore_targets(Context& context, const Snapshot& snapshot, const RestorePlace& place) {
    const auto members = TRY(wanted_members(snapshot, place));
    std::vector<RestoreTarget> targets;
    if (place.to.empty()) {
        for (const auto* entry : members) targets.push_back({.entry = entry, .path = entry->name});
        return targets;
    }
    const std::string to = TRY(host::canonical_or_future(context.host.files, place.to));
    const auto there = TRY(host::status_if_any(context.host.files, to));
    const bool is_set = members.size() > 1 || (place.only.empty() && !snapshot.companions.empty());
    if (is_set && there && there->kind != host::FileKind::folder) {
        return fail(ErrorCode::invalid, "restore to {}: it is a file, and backup #{} has {} databases and {} companions", printable(to),
                    snapshot.number.value, members.size(), snapshot.companions.size())
            .with_advice("--to FOLDER, or --only DATABASE --to FILE");
    }
    const bool is_folder = place.to.ends_with('/') || (there && there->kind == host::FileKind::folder);
    if (!is_set && !is_folder && !members.empty()) {
        targets.push_back({.entry = members.front(), .path = to});
        return targets;
    }
    const std::string shared = shared_folder(snapshot);
    for (const auto* entry : members) {
        targets.push_back({.entry = entry, .path = host::join_path(to, entry->name.substr(shared.size()))});
    }
    return targets;
}

Result<std::vector<RestoreTarget>> companion_targets(Context& context, const Snapshot& snapshot, const RestorePlace& place) {
    std::vector<RestoreTarget> targets;
    if (!place.only.empty()) return targets;
    const std::string to = place.to.empty() ? std::string() : TRY(host::canonical_or_future(context.host.files, place.to));
    const std::string shared = shared_folder(snapshot);
    for (const auto& entry : snapshot.companions) {
        TRY(expect_canonical(entry.name));
        targets.push_back({.entry = &entry, .path = to.empty() ? entry.name : host::join_path(to, entry.name.substr(shared.size()))});
    }
    return targets;
}

}  // namespace holdfast::operations

#include "holdfast/operations/companion_clones.h"

#include <algorithm>
#include <ranges>
#include <vector>

#include "holdfast/repository/entries.h"

namespace holdfast::operations {

CompanionClones CompanionClones::of(Context& context, const std::string& root, const TimedLook& seen, const KnownCompanion& known) {
    CompanionClones clones;
    clones.root_ = root;
    std::vector<const live::CompanionThing*> to_read;
    const auto& things = seen.things.things;
    for (const auto& thing : things) {
        if (known.is_to_be_read(thing) && !live::is_too_young(thing.status, seen.began) && !seen.hidden.contains(thing.path)) to_read.push_back(&thing);
    }
    std::ranges::sort(to_read, std::greater(), [](const live::CompanionThing* thing) { return thing->status.changed.nanoseconds; });
    for (const auto* thing : to_read | std::views::take(files_max)) {
        auto clone = live::SettledFile::clone(context.host.files, host::join_path(root, thing->path), thing->status);
        if (!clone && clone.error().code() == ErrorCode::unavailable) break;
        if (!clone) continue;
        clones.files_.emplace(thing->path, std::make_shared<const live::SettledFile>(*std::move(clone)));
        clones.to_look_at_.emplace(thing->path, thing->status);
    }
    if (clones.is_empty()) return clones;
    for (const auto& thing : things) {
        clones.seen_.insert(thing.path);
        if (thing.status.kind == host::FileKind::folder) clones.to_look_at_.emplace(thing.path, thing.status);
    }
    return clones;
}

std::shared_ptr<const live::SettledFile> CompanionClones::find(const std::string& path) const {
    const auto at = files_.find(path);
    return at == files_.end() ? nullptr : at->second;
}

void CompanionClones::look_again(Context& context) {
    lasted_.clear();
    for (const auto& [path, before] : to_look_at_) {
        const auto now = context.host.files.status_of_link(host::join_path(root_, path));
        if (now && live::is_same_state(*now, before)) lasted_.insert(path);
    }
}

bool CompanionClones::may_have_changed(const std::string& path) const {
    return lasted_.contains(path) || (!seen_.contains(path) && lasted_.contains(repository::folder_of_entry(path)));
}

}  // namespace holdfast::operations

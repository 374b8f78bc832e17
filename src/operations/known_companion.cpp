#include "holdfast/operations/known_companion.h"

#include <algorithm>

#include "holdfast/base/wire.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t turns = 64;

struct WireState {
    LittleEndian<std::uint64_t> size, device, inode, modified, changed;
    LittleEndian<std::uint32_t> kind, mode, owner, group;
};

// Whatever cannot stay the same when its content, or what else is kept of it, changes.
Fingerprint state_of(const live::CompanionThing& thing) {
    const auto& status = thing.status;
    WireState state;
    state.size = status.kind == host::FileKind::folder ? 0 : status.size;
    state.device = status.device;
    state.inode = status.inode;
    state.modified = static_cast<std::uint64_t>(status.modified.nanoseconds);
    state.changed = static_cast<std::uint64_t>(status.changed.nanoseconds);
    state.kind = static_cast<std::uint32_t>(status.kind);
    state.mode = status.mode;
    state.owner = status.owner;
    state.group = status.group;
    const auto seed = thing.link_target.empty() ? 0 : short_fingerprint(bytes_of(thing.link_target), 0);
    return fingerprint(std::as_bytes(std::span(&state, 1)), seed);
}

// What is kept of the companion itself, but for its content.
bool is_same_entry(const repository::DirectoryEntry& before, const repository::DirectoryEntry& now) {
    return before.type == now.type && before.mode == now.mode && before.owner == now.owner && before.group == now.group && before.modified == now.modified &&
           before.link_target == now.link_target;
}

}  // namespace

KnownCompanion KnownCompanion::of(const repository::Repository& repository, const history::SourceIdentity& source, const std::string& root) {
    KnownCompanion known;
    auto before = history::companion_before(repository, source, root);
    if (!before || !*before) return known;
    auto remembered = history::recall_companion(repository, {.source = source.record.id, .member = root});
    if (!remembered || remembered->content != (*before)->entry.content) return known;
    known.before_ = std::move(before).value();
    known.looked_ = remembered->looked;
    for (auto& thing : remembered->things) known.states_.emplace(std::move(thing.path), thing.state);
    return known;
}

bool KnownCompanion::is_settled(const live::CompanionThing& thing) const { return thing.status.changed.nanoseconds + nanoseconds_per_second <= looked_.nanoseconds; }

bool KnownCompanion::is_unchanged(const live::CompanionThing& thing) const {
    const auto then = states_.find(thing.path);
    return then != states_.end() && is_settled(thing) && state_of(thing) == then->second;
}

bool KnownCompanion::is_unchanged(const live::CompanionLook& look) const {
    if (!before_ || look.things.empty() || look.things.size() != states_.size() || !is_same_entry(before_->entry, entry_of(look.things.front()))) return false;
    return std::ranges::all_of(look.things, [&](const live::CompanionThing& thing) { return is_unchanged(thing); });
}

std::vector<history::CompanionThing> KnownCompanion::things_of(const live::CompanionLook& look, std::uint64_t turn) const {
    std::vector<history::CompanionThing> things;
    things.reserve(look.things.size());
    for (const auto& thing : look.things) {
        const bool is_as_it_was = is_unchanged(thing);
        const bool has_turn = short_fingerprint(bytes_of(thing.path), 0) % turns == turn % turns;
        things.push_back({.path = thing.path, .entry = entry_of(thing), .is_unchanged = is_as_it_was, .is_to_be_proven = is_as_it_was && has_turn});
    }
    return things;
}

repository::DirectoryEntry entry_of(const live::CompanionThing& thing) {
    using repository::EntryType;
    repository::DirectoryEntry entry;
    const auto kind = thing.status.kind;
    entry.type = kind == host::FileKind::folder ? EntryType::directory : kind == host::FileKind::link ? EntryType::link : EntryType::file;
    entry.mode = thing.status.mode;
    entry.owner = thing.status.owner;
    entry.group = thing.status.group;
    entry.modified = thing.status.modified;
    entry.link_target = thing.link_target;
    if (entry.type == EntryType::file) entry.content.size = thing.status.size;
    return entry;
}

void remember_look(const repository::Repository& repository, const history::MemberKey& key, const TimedLook& look, const repository::Content& content) {
    history::RememberedCompanion what{.looked = look.began, .content = content, .things = {}};
    what.things.reserve(look.things.things.size());
    constexpr Fingerprint never_again{};
    for (const auto& thing : look.things.things) what.things.push_back({.path = thing.path, .state = look.hidden.contains(thing.path) ? never_again : state_of(thing)});
    history::remember_companion(repository, key, what);
}

}  // namespace holdfast::operations

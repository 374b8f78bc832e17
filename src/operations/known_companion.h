// KnownCompanion: what is known of a companion since it was last kept, so that what has not changed since is not read.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <unordered_map>

#include "holdfast/history/companion_memory.h"
#include "holdfast/live/walk_companion.h"

namespace holdfast::operations {

// A look, and when it began.
struct TimedLook {
    live::CompanionLook things;
    Timestamp began{};
    std::set<std::string> hidden = {};  // paths of files to which programs may write unseen (live::settle)
};

// Believed of what did not change within the second before it was looked at (DECISIONS 6): one more change may have left the
// same times behind.
class KnownCompanion {
public:
    KnownCompanion() = default;  // nothing is known
    static KnownCompanion of(const repository::Repository& repository, const history::SourceIdentity& source, const std::string& root);

    bool is_unchanged(const live::CompanionThing& thing) const;
    // A file with bytes that are new, or may be.
    bool is_to_be_read(const live::CompanionThing& thing) const { return thing.status.kind == host::FileKind::regular && thing.status.size > 0 && !is_unchanged(thing); }
    // All of it is as it was when it was kept as `before`.
    bool is_unchanged(const live::CompanionLook& look) const;
    const std::optional<history::KeptBefore>& before() const { return before_; }
    // The things of the look, as they are to be kept. Of those that are unchanged every 64th is to be proven, in turns.
    std::vector<history::CompanionThing> things_of(const live::CompanionLook& look, std::uint64_t turn) const;

private:
    bool is_settled(const live::CompanionThing& thing) const;
    std::optional<history::KeptBefore> before_;
    Timestamp looked_{};
    std::unordered_map<std::string, Fingerprint> states_;  // by path
};

// What is known of a thing without reading it; of a file's content the size. It has no name yet.
repository::DirectoryEntry entry_of(const live::CompanionThing& thing);

void remember_look(const repository::Repository& repository, const history::MemberKey& key, const TimedLook& look, const repository::Content& content);

}  // namespace holdfast::operations

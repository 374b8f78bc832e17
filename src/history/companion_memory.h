// What the things of a companion looked like when it was last kept, remembered in the local cache: for not reading what did
// not change.
#pragma once

#include "holdfast/base/hash.h"
#include "holdfast/history/recorder.h"

namespace holdfast::history {

struct RememberedThing {
    std::string path;      // below the companion
    Fingerprint state;     // of its kind, size, times, place on the disk and rights, as the caller has it
};
struct RememberedCompanion {
    Timestamp looked{};              // before the first of them was looked at
    repository::Content content{};   // what the companion was kept as
    std::vector<RememberedThing> things;
};
// The key's member is the companion. None when anything is doubtful.
std::optional<RememberedCompanion> recall_companion(const repository::Repository& repository, const MemberKey& key);
void remember_companion(const repository::Repository& repository, const MemberKey& key, const RememberedCompanion& what) noexcept;

}  // namespace holdfast::history

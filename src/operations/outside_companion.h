// OutsideCompanion: a companion that lies in a file of no repository, ready to be kept in one.
#pragma once

#include "holdfast/bundle/unpacked.h"
#include "holdfast/history/recorder.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct OutsideCompanion {
    history::CompanionToKeep to_keep;
    Hash content;              // of paths, kinds, bytes and targets; not of times and modes
    std::uint64_t bytes = 0;
    bool is_kept = false;      // its bytes lie somewhere now, and to_keep.open() gives them
};
// The context, and the files that were unpacked, outlive it. Owners are whoever unpacked it: a bundle tells of none.
Result<OutsideCompanion> outside_companion(Context& context, const bundle::UnpackedCompanion& unpacked);

// Where it would be, when the database that it goes with is `now` and no longer `before`: as it lay beside that one.
// `invalid`: the two tell of no one folder that became another.
Result<std::string> moved_with(const std::string& companion, const std::string& before, const std::string& now);

}  // namespace holdfast::operations

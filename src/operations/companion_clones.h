// CompanionClones: files of a companion that a backup is going to read, held as they were seen, without copying a byte of
// them, where the file system can (reflinks): whoever goes on writing to them does not disturb the backup.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "holdfast/live/settled_file.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/known_companion.h"

namespace holdfast::operations {

class CompanionClones {
public:
    // Of what has changed since it was last kept, or is new, the youngest `files_max` files: what was written to last is what
    // will be written to next. One that cannot be cloned is read as it lies; so is one that changed a moment before it was seen,
    // as one more change would not show.
    static constexpr std::size_t files_max = 256;  // each takes a descriptor
    static CompanionClones of(Context& context, const std::string& root, const TimedLook& seen, const KnownCompanion& known);

    bool is_empty() const { return files_.empty(); }
    std::shared_ptr<const live::SettledFile> find(const std::string& path) const;  // relative, as a thing's; null: not cloned

    // To be called when the databases are held: the moment that the backup is of. What is as it was seen until then may change afterwards.
    void look_again(Context& context);
    // Of what was cloned, and of folders; `path` may be of what came into one, or is gone from it.
    bool may_have_changed(const std::string& path) const;

private:
    std::string root_;
    std::map<std::string, std::shared_ptr<const live::SettledFile>> files_;
    std::map<std::string, host::FileStatus> to_look_at_;
    std::set<std::string> seen_;    // all paths
    std::set<std::string> lasted_;  // what was still as it was seen
};

}  // namespace holdfast::operations

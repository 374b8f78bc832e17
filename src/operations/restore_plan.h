// What a restore is going to do, decided by looking only. A dry run ends with it; a real one does exactly this.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "holdfast/history/history.h"
#include "holdfast/live/replace.h"
#include "holdfast/operations/companion_in_place.h"
#include "holdfast/operations/files_difference.h"
#include "holdfast/operations/restore.h"

namespace holdfast::operations {

struct PlannedMember {
    repository::DirectoryEntry entry;
    std::unique_ptr<sqlite::Image> image;  // null: raw bytes
    live::RoutePlan route;
    RestoredMember report;
};
struct PlannedCompanion {
    repository::DirectoryEntry entry;
    RestoredCompanion report;
    CompanionInPlace place = {};  // in place
    bool was_missing = false;     // in the backup: it is there now, and the entry is a name and rules
};
struct RestorePlan {
    std::string doing = "restore";  // or "undo": the operation that the safety backup goes before
    repository::SnapshotNumber number;
    std::string of;                        // for people: "#43", or the name of a file
    bool is_outside = false;               // the images are of no repository: they were proven when they were opened
    bool is_in_place = false;              // without --to
    std::vector<std::string> paths;        // of the source: who a safety backup belongs to
    std::vector<PlannedMember> members;
    std::vector<PlannedCompanion> companions;
    std::vector<PlannedCompanion> staying;  // were missing then, are there now, and are left as they are
    std::optional<FilesDifference> files;  // what of them would change, when it is shown first
    // The newest backup of these databases, when every byte of it has just been read and proven: what a safety backup may
    // lean on unseen.
    std::optional<repository::SnapshotNumber> proven_parent;
    bool is_rest_there = false;            // of the set that it brings a part of back, something lies where it belongs
    bool replaces_anything() const;        // something is there that would be replaced
    // Also where a part of a set comes back beside the others: undo takes it back by that, and reaches what was before it.
    bool needs_safety_backup() const;
    // A folder comes where a file or link is: the way back has to remove it, with what lies in it.
    bool takes_exact_to_go_back() const;
};
// Every member planned before anything is written; an obstacle of one refuses all.
Result<RestorePlan> plan_restore(Context& context, const repository::Repository& repository,
                                 const history::Moment& moment, const RestoreRequest& request);

// What a plan says of its backup, before anything is planned.
Result<void> begin_plan(const repository::Repository& repository, const history::Moment& moment, const RestoreRequest& request, RestorePlan& plan);

// With --schema-only: the member is an empty database with its schema from now on. `invalid`: it is raw bytes.
Result<void> leave_schema_only(PlannedMember& member);

// Route, target and what the report says of them, for a member whose image is there.
Result<void> plan_place(Context& context, PlannedMember& member, const std::string& target, const RestoreRequest& request);

// The members that --only names, by as much of their paths as tells which is meant; none: it names none.
Result<std::set<std::string>> chosen_members(Context& context, const repository::Snapshot& snapshot, const RestoreRequest& request);

// `busy` when a process has the file open, or may have; --offline says that none has.
Result<void> expect_unopened(Context& context, const std::string& path, const RestoreRequest& request);

live::PlaceOptions place_options(const Context& context, const RestoreRequest& request);

}  // namespace holdfast::operations

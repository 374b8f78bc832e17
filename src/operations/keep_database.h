// One database of a backup: seen, frozen, and kept.
#pragma once

#include <functional>
#include <optional>

#include "holdfast/history/recorder.h"
#include "holdfast/live/freeze.h"
#include "holdfast/operations/backup.h"

namespace holdfast::operations {

// A database to be backed up, and what is known of it before it is read.
struct MemberPlan {
    std::string path;                                  // canonical
    std::optional<Error> failure;                      // it cannot be backed up, and this is why
    bool may_fail = false;                             // also of a backup that is all or nothing
    std::optional<history::KeptBefore> before;         // how it was kept the last time
    std::string appearance;                            // before it is read; empty: not known
    Timestamp seen{};                                  // when it was looked at
    bool is_unchanged = false;                         // since `before`: it need not be read
};
// A change within the second before a freeze may have left the same times behind (DECISIONS 6).
bool is_settled(const live::Appearance& appearance, Timestamp frozen);
// Looks, without reading: is the database as it was when it was kept the last time?
MemberPlan look_at(Context& context, const repository::Repository& repository, const history::SourceIdentity& source,
                   const std::string& path);

// Content and what else a restore gives back.
bool is_same_entry(const repository::DirectoryEntry& before, const repository::DirectoryEntry& now);

// How it went.
struct KeptMember {
    BackupMember report;
    std::vector<std::string> warnings;
    std::optional<Error> failure;  // this database could not be backed up; others may be
    Timestamp frozen{};
    repository::Content content{};
    bool is_same = false;          // as the content before
};
// Freezes the databases, all at one moment, and gives their images to the recorder; unchanged ones are taken over. An Error
// is none of the databases': the backup cannot go on (the repository is full, the user stopped it).
struct KeepOrder {
    const std::vector<MemberPlan>& plans;
    const std::string& schema_version_query;  // asked as each is frozen; what cannot be answered is a warning
    std::function<Result<void>()> about_to_freeze = {};  // called behind the first looks, which take as long as the databases are large
    std::function<void()> when_held = {};                // called when all are held still (live::FreezeOptions), or were found unchanged
};
struct KeptDatabases {
    std::vector<KeptMember> members;  // of the plans, in their order
    std::string why_apart;            // why they are not of one moment; empty: they are
};
Result<KeptDatabases> keep_databases(Context& context, history::Recorder& recorder, const KeepOrder& order);

// How it is with a plan that is_unchanged, without a recorder.
KeptMember member_as_before(const MemberPlan& plan);

live::FreezeOptions freeze_options(const Context& context);

}  // namespace holdfast::operations

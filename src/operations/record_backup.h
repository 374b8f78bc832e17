// One backup recorded: every database of it kept, and the snapshot committed. For backup and for safety backups.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "holdfast/operations/companions.h"
#include "holdfast/operations/keep_database.h"
#include "holdfast/operations/purpose.h"

namespace holdfast::operations {

// What is done when nothing has changed since the last backup.
enum class WhenUnchanged {
    record,            // a backup of its own, that shares its content with the last
    confirm_last,      // the last one is noted as seen to be current
    confirm_like_this, // the newest with this content that serves the same purpose is, if there is one
};

struct BackupOrder {
    history::SourceIdentity source;
    std::vector<MemberPlan> members;
    std::vector<std::string> raw_files;  // damaged originals and their sidecars: kept as bytes
    Purpose purpose;
    std::vector<CompanionPlan> companions;
    std::string doing = "backup";         // for people who look what is running
    std::string schema_version_query;    // asked of every database as it is frozen; empty: nothing is
    bool full = false;                   // read everything, and prove what is stored before leaning on it
    std::string doubt;                   // why it has to be so, when nobody asked for it
    WhenUnchanged when_unchanged = WhenUnchanged::record;
    bool all_or_nothing = false;
    std::string doubtful_set;            // why its parts may not belong together: recorded as its skew
    std::vector<std::string> rebuilt;    // canonical paths of companions that are not kept
    std::optional<QuiesceHooks> quiesce; // around the capture of the moment
    std::string repository;              // its path, for those
    bool strict = false;                 // fails rather than record what is not of one moment
};
struct RecordedBackup {
    std::optional<repository::Snapshot> snapshot;   // the new one
    std::optional<repository::Snapshot> confirmed;  // instead: nothing had changed since this one
    repository::NoteSummary notes;                  // of that one
    std::vector<BackupMember> members;
    std::vector<BackupCompanion> companions;
    std::vector<HookRun> quiesce;
    bool is_released = true;  // false: what paused could not be told to go on, and that is not only to warn
    std::vector<std::string> warnings;
};
// What need not be read to be known as unchanged is confirmed without a session, so that no number is used up. None: it has
// to be read. Records nothing: to be noted by the caller.
Result<std::optional<RecordedBackup>> confirm_at_sight(Context& context, const repository::Repository& repository, const BackupOrder& order);

// Errors: no database could be backed up (the first one's reason), or any that may not, with all_or_nothing; `busy`, with strict: it cannot be had from one moment; the repository's own.
// A number voided by a prune is tried once more. After success everything needed to restore survives a power cut.
Result<RecordedBackup> record_backup(Context& context, repository::Repository& repository, const BackupOrder& order);

}  // namespace holdfast::operations

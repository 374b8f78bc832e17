// One backup recorded: every database of it kept, and the snapshot committed. For backup and for safety backups.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "holdfast/operations/keep_database.h"

namespace holdfast::operations {

struct BackupOrder {
    history::SourceIdentity source;
    std::vector<MemberPlan> members;
    std::vector<std::string> raw_files;  // damaged originals and their sidecars: kept as bytes
    repository::SnapshotKind kind = repository::SnapshotKind::ordinary;
    std::string comment;
    std::vector<std::pair<std::string, std::string>> tags;
    std::string purpose = "backup";
    bool full = false;                   // read everything, and prove what is stored before leaning on it
    std::string doubt;                   // why it has to be so, when nobody asked for it
    bool skip_unchanged = false;         // nothing changed: commit nothing
    bool all_or_nothing = false;
};
struct RecordedBackup {
    std::optional<repository::Snapshot> snapshot;  // none: skip_unchanged, and nothing had changed
    std::vector<BackupMember> members;
    std::vector<std::string> warnings;
};
// Errors: no database could be backed up (the first one's reason), or any, with all_or_nothing; the repository's own.
// A number voided by a prune is tried once more. After success everything needed to restore survives a power cut.
Result<RecordedBackup> record_backup(Context& context, repository::Repository& repository, const BackupOrder& order);

}  // namespace holdfast::operations

// backup: one consistent snapshot of the databases named, while others write.
#pragma once

#include <map>
#include <memory>

#include "holdfast/operations/agreement_result.h"
#include "holdfast/operations/expectations.h"
#include "holdfast/operations/hooks.h"
#include "holdfast/operations/plain_copy.h"
#include "holdfast/operations/purpose_request.h"

namespace holdfast::operations {

struct BackupInUse;

// A file or folder that belongs with the databases. The patterns are as in .gitignore.
struct CompanionRequest {
    std::string path;
    std::vector<std::string> include, exclude;
    bool is_optional = false;
    bool is_redacted = false;
};

struct BackupRequest {
    RepositoryRequest repository;
    std::vector<std::string> databases;
    PurposeRequest purpose;
    std::string schema_version_query;  // of the settings: asked of every database as it is frozen
    std::vector<CompanionRequest> companions;  // of the settings
    std::vector<std::string> rebuilt;          // likewise: the paths of those that are not kept
    Hooks hooks;                       // of the settings
    std::optional<QuiesceHooks> quiesce;       // of the settings
    std::string source;
    bool source_is_by_settings = false;  // its databases are known by it from now on, also when they had another name
    std::map<std::string, std::string> moved;  // database: where its source had it until now
    bool full = false;
    bool skip_unchanged = false;
    bool all_or_nothing = false;
    bool strict = false;               // also of the settings
    bool with_rest_of_source = false;  // no flag: the others of the source that the databases belong to, too; they may fail
    bool list = false;
    bool dry_run = false;
    PlainCopyRequest plain;
    std::uint64_t wait_s = 10;
    std::string in_use_by;             // "guard": it must not be forgotten before the report has gone

    static OperationText operation() {
        return {.name = "backup",
                .sentence = "Back up databases, consistently, while they are in use.",
                .details = "All databases named make one backup with one number. Without databases, every source of the settings is backed up, each "
                           "by itself: one that fails does not stop the others, and the exit code is the worst. Without a repository, .holdfast beside "
                           "the database is made and used. "
                           "An automatic backup of a database that has not changed since another for the same operation answers with that one; a manual "
                           "one always gets a number of its own. With --output, or plain_copies in the settings, each database is written into a folder as an ordinary file as well. Exit code 3: some databases could not be backed up, or are damaged themselves; the others were; or what belongs together could not be had from one moment; or a plain copy could not be made, and the backup was. A backup looks at header and "
                           "schema of a database, not at every page: holdfast verify has SQLite check all of it.",
                .examples = {{"holdfast backup", "every source of holdfast.toml"},
                             {"holdfast backup app.db", "into .holdfast beside it"},
                             {"holdfast backup app.db --comment 'before the migration'", "with a comment"},
                             {"holdfast backup app.db --operation migrate", "automatic, before a migration"},
                             {"holdfast backup app.db --output backups", "and an ordinary file: backups/app_20260129_120000.db"},
                             {"holdfast backup -r /backups/app data/app.db data/jobs.db --tag release=1.4", "two databases, one backup"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(databases, {.name = "database", .sentence = "The databases.", .value = "DATABASE", .positional = true});
        repository.describe(visit);
        purpose.describe(visit);
        visit(source, {.name = "source", .sentence = "Name of the source these databases belong to, when paths do not tell.", .value = "NAME"});
        visit(full, {.name = "full", .sentence = "Read and name everything again, believing no cache, and store again what the repository cannot prove."});
        visit(skip_unchanged, {.name = "skip-unchanged", .sentence = "Nothing changed: make no new backup, confirm the last one."});
        plain.describe(visit);
        visit(dry_run, {.name = "dry-run", .sentence = "Say what would be done, without reading the databases: which have changed, which plain copies would be written and removed."});
        visit(all_or_nothing, {.name = "all-or-nothing", .sentence = "Fail if any database fails, instead of a partial backup."});
        visit(strict, {.name = "strict", .sentence = "Fail if what is backed up cannot be had from one moment, instead of a backup that says so."});
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for a database that another program has locked.", .value = "SECONDS"});
        visit(list, {.name = "list", .sentence = "List the backups instead (the same as holdfast list)."});
    }
};
struct BackupMember {
    std::string path, read_as, error, finding;
    std::uint64_t pages = 0, pages_changed = 0, page_size = 0, bytes_read = 0;
    double writers_blocked_ms = 0;
    bool unchanged = false, damaged = false;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "The database.");
        visit("pages", pages, "Pages in it.");
        visit("page_size", page_size, "Bytes in a page.");
        visit("pages_changed", pages_changed, "Pages that differ from the backup before.");
        visit("bytes_read", bytes_read, "Bytes read from it.");
        visit("writers_blocked_ms", writers_blocked_ms, "How long its writers had to wait, at most.");
        visit("read_as", read_as, "How it was read: wal, wal-quiet, wal-leftover, rollback, hot-journal, backup-api, empty.");
        visit("unchanged", unchanged, "Nothing had changed since the backup before.");
        visit("damaged", damaged, "SQLite cannot read header or schema: the database itself is damaged, and kept as evidence.");
        visit("finding", finding, "What SQLite found.");
        visit("error", error, "Why it could not be backed up.");
    }
};
struct BackupCompanion {
    std::string path, error;
    std::uint64_t files = 0, files_changed = 0, bytes = 0, bytes_read = 0;
    bool missing = false, unchanged = false;
    std::vector<std::string> changing, failed, left_out, removed;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "The file or folder.");
        visit("files", files, "Files in it.");
        visit("files_changed", files_changed, "Files that are new or differ from the backup before.");
        visit("bytes", bytes, "Bytes of them all.");
        visit("bytes_read", bytes_read, "Bytes read.");
        visit("unchanged", unchanged, "It is as in the backup before.");
        visit("missing", missing, "It is not there, and need not be.");
        visit("changing", changing, "Files that changed while the backup was made, as often as it was tried: they may not be of its moment.");
        visit("failed", failed, "What could not be read, and why: it is not in the backup.");
        visit("removed", removed, "Of one that is kept redacted: the secrets that were removed, by file and key; never a value.");
        visit("left_out", left_out, "What no copy would be a backup of (databases, their sidecars, sockets, repositories), and why.");
        visit("error", error, "Why it could not be backed up; or that it is empty, and should not be.");
    }
};
struct BackupReport {
    std::string repository, id, source, kind, operation, comment, repository_note, verified, skew;
    bool repository_created = false, confirmed_only = false, partial = false, skewed = false, damaged = false, dry_run = false;
    std::uint64_t number = 0;
    Timestamp time;
    std::uint64_t logical_bytes = 0, bytes_read = 0, bytes_stored = 0, pages_read = 0, pages_changed = 0;
    double writers_blocked_ms = 0, duration_ms = 0, skew_ms = 0;
    std::vector<BackupMember> databases;
    std::vector<BackupCompanion> companions;
    std::vector<std::string> rebuilt;
    std::vector<HookRun> hooks;
    bool hooks_incomplete = false;
    std::vector<ExpectationResult> expectations;
    std::vector<AgreementResult> agreement;
    bool unmet = false;
    std::vector<std::uint64_t> forgotten;
    std::vector<PlainCopy> plain_copies;
    std::vector<std::string> plain_copies_removed;
    bool copies_incomplete = false;
    std::vector<std::string> warnings;
    std::shared_ptr<const BackupInUse> in_use;  // when in_use_by asks for it
    // There is a backup, and something that was asked for besides is not as it should be: exit code 3.
    bool is_incomplete() const { return partial || skewed || damaged || unmet || hooks_incomplete || copies_incomplete; }
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup's number.");
        visit("id", id, "Its id.");
        visit("time", time, "The moment it holds.");
        visit("source", source, "The source's name.");
        visit("kind", kind, "manual or automatic.");
        visit("operation", operation, "The operation it was made before, or by.");
        visit("comment", comment, "The comment.");
        visit("repository", repository, "Where it is kept.");
        visit("repository_created", repository_created, "The repository was made by this command.");
        visit("dry_run", dry_run, "Nothing was done: the number and the names are those that would come next.");
        visit("repository_note", repository_note, "What should be known of a repository that was just made.");
        visit("confirmed_only", confirmed_only, "Nothing had changed: no new backup was made, the number is of the one that holds the same.");
        visit("partial", partial, "Some databases failed.");
        visit("skewed", skewed, "What it holds is not all of one moment.");
        visit("skew", skew, "Why not.");
        visit("skew_ms", skew_ms, "Time between the first and the last freeze of its databases, when they are not of one moment.");
        visit("damaged", damaged, "Some database is damaged at its source, or verification found damage.");
        visit("verified", verified, "good or damage found: it was verified because an earlier backup of the source was found damaged.");
        visit("logical_bytes", logical_bytes, "Size of the databases.");
        visit("bytes_read", bytes_read, "Bytes read.");
        visit("bytes_stored", bytes_stored, "Bytes added to the repository.");
        visit("pages_read", pages_read, "Pages read.");
        visit("pages_changed", pages_changed, "Pages changed since the backup before.");
        visit("writers_blocked_ms", writers_blocked_ms, "How long writers had to wait, at most.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("databases", databases, "Each database.");
        visit("companions", companions, "Each file or folder that belongs with them.");
        visit("rebuilt", rebuilt, "Files and folders that are not kept, as they are built again after a restore.");
        visit("hooks", hooks, "The hooks that were run, and what had the application pause and go on.");
        visit("hooks_incomplete", hooks_incomplete, "A hook failed after the backup was made, or the application could not be told to go on, and that is not only to warn: exit code 3.");
        visit("expectations", expectations, "What the settings expect of the source, when it has changed.");
        visit("agreement", agreement, "Whether its files say the same as its databases, as the settings have it, when it has changed.");
        visit("unmet", unmet, "Some of it does not hold or agree, or a database is empty that was not in the backup before: exit code 3.");
        visit("forgotten", forgotten, "Older backups that the retention policy has forgotten now; holdfast recall brings them back until they are pruned.");
        visit("plain_copies", plain_copies, "The ordinary files of its databases, and the archives of its companions.");
        visit("plain_copies_removed", plain_copies_removed, "Older ones that the copies' own retention has removed.");
        visit("copies_incomplete", copies_incomplete, "A plain copy, or what belongs to it, could not be made as asked: exit code 3.");
        visit("warnings", warnings, "What else should be known.");
    }
};
// What it lacks of files and folders, for those who made it before something else.
std::vector<std::string> lacks_in_words(const BackupReport& report);

Result<BackupReport> backup(Context& context, const BackupRequest& request);

}  // namespace holdfast::operations

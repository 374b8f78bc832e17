// restore: brings a backup back: as a new file, or in place, with a safety backup first and a proof after.
#pragma once

#include "holdfast/operations/agreement_result.h"
#include "holdfast/operations/database_difference.h"
#include "holdfast/operations/files_difference.h"
#include "holdfast/operations/hooks.h"
#include "holdfast/operations/narrow.h"
#include "holdfast/operations/outside_request.h"
#include "holdfast/operations/rebuild.h"
#include "holdfast/operations/rows_back.h"
#include "holdfast/operations/smoke_tests.h"

namespace holdfast::operations {

struct RestoreRequest {
    RepositoryRequest repository;
    std::string snapshot = "latest";
    std::string at, source, to, compress, cause, recovery_log;
    std::string from, file, database;
    OutsideRequest outside;
    NarrowRequest narrow;
    std::vector<std::string> only, paths;
    RowsRequest rows;
    Hooks hooks;  // of the settings; run when it is done in place
    std::vector<std::string> redacted;  // of the settings: companions that are kept redacted now, whatever they were then
    std::vector<std::string> own_places;  // of the settings: what is holdfast's own, which no companion holds
    bool yes = false, schema_only = false;
    bool force = false, dry_run = false, offline = false, no_safety_backup = false, no_check = false, exact = false;
    std::uint64_t wait_s = 10;

    static OperationText operation() {
        return {.name = "restore",
                .sentence = "Bring a backup back, in place or as a new file.",
                .details = "SNAPSHOT is a number (43), latest, latest~2, last-good, the beginning of an id, or a plain copy that was written from it. Without --to the database is restored where it "
                           "was: a safety backup is made first, then the content is replaced in one SQLite transaction, so applications may stay open. The files and folders that belong with it are exchanged at the same time, all or none; what "
                           "is not in the backup stays. Where that "
                           "cannot be done safely nothing is changed, and the obstacle is named. On a terminal it shows what would change and asks; "
                           "holdfast undo takes the restore back. Behind the after_restore hooks, what is not kept is built again, the files are compared with the databases, and the settings' smoke tests are tried: what fails is told with the way back, exit code 3. A dry run proves and checks the backup and looks for "
                           "locks as the real run does, so it takes about as long, tells what would follow, and ends with the same exit code. With --table rows come back into the database beside all others: "
                           "missing ones are inserted, those that differ are changed in place, none is deleted, and triggers do not fire again; a backup is made first. holdfast undo does not take rows back: "
                           "the command to go back that is printed does, and takes everything that was written since along.",
                .examples = {{"holdfast restore 43", "in place"},
                             {"holdfast restore latest --to /tmp/look.db", "into a new file"},
                             {"holdfast restore 43 --path data/faiss", "one folder of it, in place"},
                             {"holdfast restore 43 --path data/faiss --to /tmp/look", "one folder of it, as /tmp/look/faiss"},
                             {"holdfast restore latest --operation migrate", "the state before the last migration"},
                             {"holdfast restore latest --to app.db.zst --compress zstd", "compressed, for any program that reads zstd"},
                             {"holdfast restore latest --schema-only --to empty.db", "the same tables, without their rows"},
                             {"holdfast restore 43 --table sessions --row session-20260129 --with-related", "one row, with all that depends on it"},
                             {"holdfast restore 43 --table events --where 'session_id = 7' --dry-run", "how many rows would come back"},
                             {"holdfast restore --from old.db.gz --for app.db", "from a copy that another program made"},
                             {"holdfast restore --at '2 hours ago' --dry-run", "say exactly what would happen"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup.", .value = "SNAPSHOT", .positional = true});
        visit(to, {.name = "to", .sentence = "Write a new file here instead (a folder, when the backup has several databases; - is standard output).", .value = "PATH"});
        visit(compress, {.name = "compress", .sentence = "With --to: write a compressed file, gzip or zstd; what comes out of it is the database, byte for byte.", .value = "FORMAT"});
        visit(from, {.name = "from", .sentence = "Of this file, made by whatever program: a plain copy, compressed, encrypted, in a tar, or a bundle. In place it goes to the database that --for names, or that its metadata tells.", .value = "FILE"});
        visit(file, {.name = "file", .sentence = "The same as --from.", .value = "FILE"});
        visit(database, {.name = "for", .sentence = "With --from: the database whose content is replaced.", .value = "DATABASE"});
        outside.describe(visit);
        visit(at, {.name = "at", .sentence = "The newest backup not after this time (RFC 3339, local time, '2 hours ago').", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Of this source (name, id or the path of one of its databases); all its databases are restored.", .value = "NAME"});
        narrow.describe(visit);
        visit(only, {.name = "only", .sentence = "Of a backup of several databases only this one; may be repeated.", .value = "DATABASE"});
        visit(paths, {.name = "path", .sentence = "Only this file, folder or database of the backup, as holdfast files names it; may be repeated. With --to it is laid out as a whole restore would; a single file goes to --to itself.", .value = "PATH"});
        rows.describe(visit);
        visit(schema_only, {.name = "schema-only", .sentence = "An empty database with the backup's schema: tables, indexes, views, triggers, and no row. In place a safety backup keeps the rows."});
        visit(dry_run, {.name = "dry-run", .sentence = "Say exactly what would happen; change nothing.", .letter = 'n'});
        visit(yes, {.name = "yes", .sentence = "Do not ask.", .letter = 'y'});
        visit(force, {.name = "force", .sentence = "With --to: replace an existing file (which is kept aside)."});
        visit(exact, {.name = "exact", .sentence = "In place: remove files and folders of companions, and companions, that are not in the backup; the safety backup keeps them."});
        visit(offline, {.name = "offline", .sentence = "I have stopped the application: nobody has the database open."});
        visit(no_safety_backup, {.name = "no-safety-backup", .sentence = "Restore even if the present database cannot be backed up first."});
        visit(no_check, {.name = "no-check", .sentence = "Leave out SQLite's own check of the result (the hash proof is always made)."});
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for locks of other programs.", .value = "SECONDS"});
        visit(cause, {.name = "cause", .sentence = "In place: why, for the recovery log.", .value = "TEXT"});
        visit(recovery_log, {.name = "recovery-log", .sentence = "In place: tell of it at the end of this Markdown file (it is made when missing).", .value = "FILE"});
        repository.describe(visit);
    }
};
struct RestoredCompanion {
    std::string from, to;
    std::uint64_t files = 0, bytes = 0, added = 0, changed = 0, removed = 0;
    std::vector<std::string> extra, kept, stays, secrets_removed, notes;
    std::uint64_t stays_more = 0;
    double copy_ms = 0;
    bool was_missing = false;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("from", from, "The file or folder in the backup.");
        visit("to", to, "What was, or would be, written.");
        visit("files", files, "Files that were written; in place those that differ.");
        visit("bytes", bytes, "Bytes of them all.");
        visit("added", added, "In place: files, folders and links that were not there.");
        visit("changed", changed, "In place: those that were replaced, as content, mode or time differ.");
        visit("removed", removed, "In place, with --exact: those that are not in the backup and go; a folder stays where something lies in it that backups leave out.");
        visit("extra", extra, "In place: those that are not in the backup and stay, by their paths in it.");
        visit("stays", stays, "In place, with --exact: what stays all the same, and why: what no backup of the state before would have. At most 20.");
        visit("stays_more", stays_more, "How many more.");
        visit("was_missing", was_missing, "In place: it was not there when the backup was made, and is now. It stays as it is, unless --exact removes it.");
        visit("kept", kept, "In place, of one that is kept redacted: files that hold secrets and stay as they are, by their paths in it.");
        visit("secrets_removed", secrets_removed, "The secrets that the backup does not have, by file and key: to be filled in by hand, where the file was not kept.");
        visit("notes", notes, "What else should be known.");
        visit("copy_ms", copy_ms, "Time to write and sync; each byte was proven as it was read from the backup, and read back.");
    }
};
struct RestoredMember {
    std::string from, to, route, why, proof, check, sha256;
    std::uint64_t bytes = 0, bytes_written = 0, bytes_now = 0;
    std::optional<Timestamp> modified_now;
    std::optional<DatabaseDifference> difference;
    bool damaged = false;
    double copy_ms = 0, proof_ms = 0, check_ms = 0, writers_blocked_ms = 0;
    std::vector<std::string> moved_aside, findings, notes;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("from", from, "The database in the backup.");
        visit("to", to, "What was, or would be, written.");
        visit("route", route, "new-file, transaction, swap, or stream (standard output).");
        visit("why", why, "Why that way.");
        visit("bytes", bytes, "Bytes.");
        visit("bytes_now", bytes_now, "Bytes of the database that was, or would be, replaced.");
        visit("modified_now", modified_now, "When that one was written last.");
        visit("difference", difference, "In place, when it is shown first: what would change, from the database as it is now to the backup; of rows that would be gone the newest. Null: it was not looked for, or cannot be told.");
        visit("bytes_written", bytes_written, "Bytes of the compressed file, or on standard output; 0: neither was made.");
        visit("sha256", sha256, "SHA-256 of the image, when known.");
        visit("check", check, "SQLite's own check of the result: ok, damaged, could not, left out.");
        visit("findings", findings, "What it said.");
        visit("damaged", damaged, "It found damage of which nothing was known when the backup was made: exit code 3.");
        visit("copy_ms", copy_ms, "Time to write and sync.");
        visit("proof", proof,
              "What was read back and is the backup: content; transaction (others have committed since, their WAL still has what "
              "was committed); none (they have, and it has not).");
        visit("proof_ms", proof_ms, "Time to read back and compare, where that is not a part of copy_ms: each piece of a new file is read back as soon as it is written.");
        visit("check_ms", check_ms, "Time of SQLite's check.");
        visit("writers_blocked_ms", writers_blocked_ms, "How long its writers had to wait, at most, when it was restored by a transaction.");
        visit("moved_aside", moved_aside, "Files of the old database, kept; in a dry run the names they would have now.");
        visit("notes", notes, "What else should be known.");
    }
};
struct RestoreReport {
    std::uint64_t number = 0, safety_number = 0;
    std::string id, source, from_file, safety_repository, go_back, recovery_log, data_lost;
    std::vector<std::string> proven_by;
    Timestamp time;
    std::int64_t gap_s = 0;
    bool dry_run = false, schema_only = false, safety_is_raw = false;
    double duration_ms = 0;
    std::vector<RestoredMember> databases;
    std::vector<RestoredCompanion> companions;
    std::optional<FilesDifference> files;
    RowsBack rows;
    std::vector<HookRun> hooks;
    bool hooks_incomplete = false, unmet = false;
    std::vector<RebuildRun> rebuilds;
    std::vector<AgreementResult> agreement;
    std::vector<SmokeTestResult> smoke_tests;
    std::vector<std::string> follows, warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup restored; 0: a file.");
        visit("from_file", from_file, "The file restored from.");
        visit("proven_by", proven_by, "Hashes beside or in that file that agree.");
        visit("id", id, "Its id.");
        visit("time", time, "The moment it holds.");
        visit("source", source, "The source's name.");
        visit("gap_s", gap_s, "With --at: seconds between the time asked for and the backup.");
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("schema_only", schema_only, "The schema without the rows.");
        visit("safety_number", safety_number, "Backup of the state before; 0: none was needed.");
        visit("safety_repository", safety_repository, "Where it is, or would be made; empty: none is needed.");
        visit("safety_is_raw", safety_is_raw, "It holds the bytes of a damaged original: they can be restored to a folder.");
        visit("go_back", go_back, "The command that brings the state before back; empty: there is none.");
        visit("databases", databases, "Each database.");
        visit("companions", companions, "Each file or folder that belongs with them.");
        visit("files", files, "In place, when it is shown first: what would change in their files, from now to the backup. What is removed by that stays, unless --exact says otherwise. Null: it was not looked for.");
        visit("rows", rows, "With --table: what came back.");
        visit("data_lost", data_lost, "Rows that the database had before and has not now, by table, and how many files were replaced or removed; empty: not counted, as no recovery log is kept.");
        visit("recovery_log", recovery_log, "The recovery log that tells of it.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("hooks", hooks, "The hooks that were run.");
        visit("hooks_incomplete", hooks_incomplete, "A hook failed after the restore, and is not only to warn: exit code 3.");
        visit("rebuilds", rebuilds, "In place: what was built again.");
        visit("agreement", agreement, "In place: whether the files say the same as the databases now, as the settings have it.");
        visit("smoke_tests", smoke_tests, "In place: how the settings' smoke tests went.");
        visit("follows", follows, "In a dry run, in place: what would be done behind it: built again, compared, tried.");
        visit("unmet", unmet, "Something of these three is not as it should be; the restore has taken place: exit code 3. Of a dry run: it is noted of the backup that its files disagree.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<RestoreReport> restore(Context& context, const RestoreRequest& request);

}  // namespace holdfast::operations

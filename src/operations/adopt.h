// adopt: existing backups, in files that other programs made, become backups of the repository, with their own times.
#pragma once

#include "holdfast/operations/agreement_result.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/outside_request.h"

namespace holdfast::operations {

struct AdoptRequest {
    RepositoryRequest repository;
    OutsideRequest outside;
    std::vector<std::string> files, companions;
    std::string database, source, comment, within = "5m";
    bool dry_run = false;

    static OperationText operation() {
        return {.name = "adopt",
                .sentence = "Take existing backups, made by other programs, into the repository.",
                .details = "FILE is a plain copy of a database, or one compressed (gzip, zstd), encrypted (gpg, age), in a tar, or any of these in "
                           "one another; of a folder, everything in it that is such a file. A bundle brings its companions along. Of a source whose settings have "
                           "companions, old copies of those are taken with the database copy that they lie with, or that is nearest in time: folders (faiss, "
                           "faiss_20250130), tars, and folders that hold a database copy and such files. Parts that are further apart than --within make a backup "
                           "that is not of one moment, and says so; what the settings say must agree is looked at. What a file is its content tells, when it was made its name or its archive's, a "
                           "description beside it (backup_metadata.json, NAME.meta.json, a checkpoint's manifest.json that has a checkpoint_id, a table backup_metadata), else "
                           "the file's time. Each is checked by SQLite, and by its hash where one stands beside it. What has been adopted before is passed over, or recalled where it was forgotten since. "
                           "The files are never changed and never removed. Exit code 3: some were refused, are damaged, do not agree, or may lack a folder.",
                .examples = {{"holdfast adopt backups/ --for data/app.db", "everything in a folder, as the past of that database"},
                             {"holdfast adopt app_*.db.gz --for app.db --dry-run", "say what would be adopted"},
                             {"holdfast adopt backups/ --for data/app.db --companion data/faiss=backups/old-index", "that folder is a copy of this companion"},
                             {"holdfast adopt old.db.gpg --for app.db --decrypt-passphrase-file secret.txt", "an encrypted copy"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(files, {.name = "file", .sentence = "The backups, or folders of them.", .value = "FILE", .positional = true, .required = true});
        visit(database, {.name = "for", .sentence = "The database whose past they are. It need not be there any more.", .value = "DATABASE"});
        visit(source, {.name = "source", .sentence = "The source whose past they are (name or id).", .value = "NAME"});
        visit(comment, {.name = "comment", .sentence = "Comment of those of which no description tells one.", .value = "TEXT", .letter = 'c'});
        visit(companions, {.name = "companion", .sentence = "Where an old copy of a companion lies, when its name does not tell: a folder or a tar. Several times.", .value = "PATH=OLD"});
        visit(within, {.name = "within", .sentence = "A companion's copy that is further from that of the database in time is of another moment.", .value = "SPAN"});
        visit(dry_run, {.name = "dry-run", .sentence = "Say exactly what would happen; change nothing.", .letter = 'n'});
        outside.describe(visit);
        repository.describe(visit);
    }
};
struct AdoptedCompanion {
    std::string path, from, member, state, why, time_from;
    Timestamp time;
    double apart_ms = 0;
    std::uint64_t files = 0, bytes = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "The companion, by the path that it has.");
        visit("from", from, "The folder, file or archive that its copy is.");
        visit("member", member, "Where it lies in an archive.");
        visit("state", state, "taken, or left out.");
        visit("why", why, "Why it was left out.");
        visit("time", time, "When the copy was made.");
        visit("time_from", time_from, "What tells that, as of backups.");
        visit("apart_ms", apart_ms, "Time between it and the copy of the database that it is taken with.");
        visit("files", files, "How many files are in it.");
        visit("bytes", bytes, "Their bytes.");
    }
};
struct AdoptedBackup {
    std::string file, member, state, why, time_from, kind, operation, comment, layers, skew;
    std::uint64_t number = 0, bytes_stored = 0, logical_bytes = 0;
    Timestamp time;
    std::vector<std::string> findings, proven_by, companions;
    std::vector<AdoptedCompanion> copies;
    std::vector<AgreementResult> agreement;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("file", file, "The file.");
        visit("member", member, "The database in it, where it holds several.");
        visit("state", state, "adopted, damaged (adopted as evidence: SQLite finds damage), already there, recalled (there, and forgotten until now), or refused.");
        visit("why", why, "Why it was refused.");
        visit("number", number, "The backup's number; in a dry run 0.");
        visit("time", time, "The moment it holds.");
        visit("time_from", time_from, "What tells the time: name, folder (the name of one above it), day (a name, which tells no hour), metadata, archive (its member's time) or modified (the file's).");
        visit("kind", kind, "manual or automatic.");
        visit("operation", operation, "What it was made before.");
        visit("comment", comment, "The comment.");
        visit("layers", layers, "What it was taken out of.");
        visit("companions", companions, "Files and folders that belong with it, by the paths that they had.");
        visit("copies", copies, "Which old copies those are, of a backup that was put together.");
        visit("skew", skew, "Why it is not of one moment; empty: nothing says so.");
        visit("agreement", agreement, "Whether what the settings say must agree does; not looked at in a dry run.");
        visit("logical_bytes", logical_bytes, "Bytes of the database, and of what belongs with it.");
        visit("bytes_stored", bytes_stored, "Bytes added to the repository.");
        visit("findings", findings, "What SQLite's check said.");
        visit("proven_by", proven_by, "Hashes beside or in it that agree.");
    }
};
struct AdoptReport {
    std::string repository, source, database;
    bool dry_run = false, repository_created = false;
    std::vector<AdoptedBackup> backups;  // oldest first, as far as names tell
    std::vector<AdoptedCompanion> left_out;
    std::uint64_t adopted = 0, already_there = 0, recalled = 0, refused = 0, damaged = 0, disagreeing = 0, passed_over = 0;
    std::uint64_t original_bytes = 0, bytes_stored = 0;
    double duration_ms = 0;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("repository", repository, "Where they are kept now.");
        visit("repository_created", repository_created, "The repository was made by this command; in a dry run: it would be.");
        visit("source", source, "The source whose past they are.");
        visit("database", database, "Its database.");
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("backups", backups, "Each backup, oldest first as far as names tell.");
        visit("left_out", left_out, "Old copies of companions that were taken with no backup.");
        visit("adopted", adopted, "How many were adopted, damaged ones among them.");
        visit("already_there", already_there, "How many had been adopted before.");
        visit("recalled", recalled, "Backups that were there and had been forgotten: recalled; in a dry run: they would be.");
        visit("refused", refused, "How many files were refused.");
        visit("damaged", damaged, "How many are damaged.");
        visit("disagreeing", disagreeing, "How many have files and databases that do not say the same, or could not be asked.");
        visit("passed_over", passed_over, "Files in the folders that are no backups.");
        visit("original_bytes", original_bytes, "Room that the adopted files take where they are.");
        visit("bytes_stored", bytes_stored, "Room that they take in the repository.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<AdoptReport> adopt(Context& context, const AdoptRequest& request);

}  // namespace holdfast::operations

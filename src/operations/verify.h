// verify: proves that backups can be brought back, at a stated depth.
#pragma once

#include "holdfast/operations/agreement_result.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/expectations.h"
#include "holdfast/operations/outside_request.h"

namespace holdfast::operations {

struct VerifyRequest {
    RepositoryRequest repository;
    OutsideRequest outside;
    std::string snapshot;
    std::string source;
    bool all = false;
    std::string level = "opened";
    std::string time_box;

    static OperationText operation() {
        return {.name = "verify",
                .sentence = "Prove that backups can be restored.",
                .details = "listed: everything needed exists. hashed: every byte is read and proven. opened: besides, SQLite opens the image and checks it. "
                           "Without SNAPSHOT and --all the newest backup of every source is verified. At level opened it is also looked whether what the settings expect "
                           "of the source holds, and its files agree with its databases. Exit code 4: damage was found; 3: nothing is damaged, but something expected does not hold.",
                .examples = {{"holdfast verify", "the newest backup of every source, fully"}, {"holdfast verify --all --level hashed", "every byte of every backup"},
                             {"holdfast verify app.db.gz", "a file that another program made"},
                             {"holdfast verify --for 10m", "for ten minutes, those first that were not verified for the longest time"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup, or a file that is one, made by whatever program; default: the newest of every source.", .value = "SNAPSHOT", .positional = true});
        visit(all, {.name = "all", .sentence = "Every backup, and every object of the repository."});
        visit(time_box, {.name = "for", .sentence = "Every backup, the longest unverified first, until so much time is over (90s, 10m, 2h); the one at work is brought to its end.", .value = "DURATION"});
        visit(level, {.name = "level", .sentence = "listed, hashed or opened.", .value = "LEVEL"});
        visit(source, {.name = "source", .sentence = "Of this source.", .value = "NAME"});
        outside.describe(visit);
        repository.describe(visit);
    }
};
// A database in a file of no repository.
struct VerifiedFile {
    std::string file, database, layers, time_from, sha256, check;
    std::uint64_t bytes = 0;
    Timestamp time;
    std::vector<std::string> findings, proven_by;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("file", file, "The file.");
        visit("database", database, "The database in it.");
        visit("layers", layers, "What it was taken out of.");
        visit("time", time, "The moment it holds, as far as can be told.");
        visit("time_from", time_from, "What tells the time: name, day (a name that tells no hour), metadata, archive or modified; empty: nothing does.");
        visit("bytes", bytes, "Bytes of the database.");
        visit("sha256", sha256, "SHA-256 of the database, with what a WAL or journal beside it brings.");
        visit("check", check, "SQLite's own check: ok, damaged, could not.");
        visit("findings", findings, "What it said.");
        visit("proven_by", proven_by, "Hashes beside or in the file that agree.");
    }
};
// A companion in such a file.
struct VerifiedCompanion {
    std::string path;
    std::uint64_t files = 0, bytes = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "Where it was.");
        visit("files", files, "Files, each with the SHA-256 that the metadata tells.");
        visit("bytes", bytes, "Bytes of them all.");
    }
};
struct FoundDamage {
    std::uint64_t number = 0, offset = 0, size = 0;
    std::string database, file, kind, object, why;
    std::vector<std::string> tables;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup affected.");
        visit("database", database, "The database in it; empty: it is a file or folder.");
        visit("file", file, "The file or folder in it that belongs with its databases.");
        visit("kind", kind, "database, file, or folder: its listing, without which nobody knows what lies in it.");
        visit("offset", offset, "First byte affected.");
        visit("size", size, "Bytes affected.");
        visit("tables", tables, "Tables and indexes whose pages these are.");
        visit("object", object, "The damaged object.");
        visit("why", why, "What is wrong.");
    }
};
// What the settings expect of a backup's source.
struct ExpectedOfBackup {
    std::uint64_t number = 0;
    std::string source;
    std::vector<ExpectationResult> expectations;
    std::vector<AgreementResult> agreement;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup.");
        visit("source", source, "Its source.");
        visit("expectations", expectations, "What must hold, and whether it does.");
        visit("agreement", agreement, "What must agree, and whether it does.");
    }
};
// What to go back to, where a backup of a source is damaged.
struct WaysBack {
    std::string source;
    std::optional<std::uint64_t> last_good;
    Timestamp last_good_time;
    std::vector<std::uint64_t> unopened, recallable;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("source", source, "The source of which a backup is damaged.");
        visit("last_good", last_good, "Its newest backup that was opened, or drilled, and was good; null: none.");
        visit("last_good_time", last_good_time, "When that was made.");
        visit("unopened", unopened, "Whole backups, newer than that, which SQLite has not opened yet.");
        visit("recallable", recallable, "Whole backups, newer than that, which are forgotten but not pruned yet.");
    }
};
struct VerifyReport {
    std::string level;
    bool good = true, unmet = false;
    std::vector<ExpectedOfBackup> expected;
    std::vector<std::uint64_t> verified;
    std::vector<FoundDamage> damage;
    std::vector<VerifiedFile> files;
    std::vector<VerifiedCompanion> companions;
    std::vector<WaysBack> ways_back;
    std::vector<std::string> objects, sqlite_findings, warnings;
    std::uint64_t bytes_read = 0, chunks_checked = 0, left = 0;
    std::optional<Timestamp> longest_unverified;
    double duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("good", good, "Nothing is wrong.");
        visit("level", level, "How deep.");
        visit("verified", verified, "Backups verified.");
        visit("files", files, "Databases in the file that was named.");
        visit("companions", companions, "Companions in the file that was named.");
        visit("left", left, "With --for: backups that the time did not suffice for.");
        visit("longest_unverified", longest_unverified, "With --for: when the one of those was verified that has waited longest; null: never, or none is left.");
        visit("damage", damage, "What backups cannot give back.");
        visit("objects", objects, "Damaged objects, also those by which nothing is lost (they are kept twice, or made again).");
        visit("sqlite_findings", sqlite_findings, "What SQLite's own check said.");
        visit("ways_back", ways_back, "Of each source of which a backup is damaged: what to go back to.");
        visit("expected", expected, "What the settings expect, looked at in backups that are good.");
        visit("unmet", unmet, "Some of it does not hold: exit code 3. The backup is none the worse for it.");
        visit("bytes_read", bytes_read, "Bytes read.");
        visit("chunks_checked", chunks_checked, "Chunks proven.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<VerifyReport> verify(Context& context, const VerifyRequest& request);

}  // namespace holdfast::operations

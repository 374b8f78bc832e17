// drill: really restores a backup somewhere else, looks whether it is good for use, takes the time, and notes it.
#pragma once

#include "holdfast/operations/agreement_result.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/expectations.h"
#include "holdfast/operations/narrow.h"
#include "holdfast/operations/outside_request.h"

namespace holdfast::operations {

struct DrillRequest {
    RepositoryRequest repository;
    std::string snapshot, source, folder, smoke;
    NarrowRequest narrow;
    OutsideRequest outside;
    std::string scenario = "deletion";
    std::vector<std::string> expect;           // SQL, each must be true
    std::vector<Expectation> expectations;     // of the settings, besides
    std::uint64_t smoke_limit_s = 600;
    std::string smoke_folder;                  // that it runs in; empty: the working folder

    static OperationText operation() {
        return {.name = "drill",
                .sentence = "Restore a backup to a temporary place, check it as an application would need it, and measure how long it takes.",
                .details = "Every byte is proven, SQLite checks the restored file and its foreign keys, companions are read back and compared, expectations and the smoke command are tried, the "
                           "result is noted on the backup, and the copy is removed. Without SNAPSHOT the newest backup of every source is drilled. Scenarios: "
                           "deletion (the file is gone), corruption (a damaged file is in its place, and is kept aside), server (nothing of this machine is used "
                           "but the repository). Of a file nothing is noted. Exit code 4: a backup did not pass.",
                .examples = {{"holdfast drill", "the newest backup of every source"},
                             {"holdfast drill 43 --expect 'SELECT count(*) > 0 FROM sessions'", "with an expectation"},
                             {"holdfast drill old.db.gz", "a file that another program made"},
                             {"holdfast drill --scenario server --smoke './smoke.sh'", "$HOLDFAST_DATABASE is the restored file"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "Which backup, or a file that is one, made by whatever program; default: the newest of every source.", .value = "SNAPSHOT", .positional = true});
        visit(source, {.name = "source", .sentence = "Of this source; of a file: as one of this source of the settings.", .value = "NAME"});
        narrow.describe(visit);
        outside.describe(visit);
        visit(scenario, {.name = "scenario", .sentence = "What is rehearsed: deletion, corruption or server.", .value = "NAME"});
        visit(expect, {.name = "expect", .sentence = "A query whose first value must be true; may be repeated.", .value = "SQL"});
        visit(smoke, {.name = "smoke", .sentence = "A command that tries the restored database: its path is in $HOLDFAST_DATABASE.", .value = "COMMAND"});
        visit(smoke_limit_s, {.name = "smoke-limit", .sentence = "The smoke command has failed when it takes longer.", .value = "SECONDS"});
        visit(folder, {.name = "in", .sentence = "Restore into this folder, which needs room for the databases. Default: $TMPDIR, /var/tmp or /tmp.", .value = "FOLDER"});
        repository.describe(visit);
    }
};
struct DrilledDatabase {
    std::string path, check, proof, smoke;
    std::vector<std::string> findings;
    std::vector<ExpectationResult> expectations;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "The database in the backup.");
        visit("check", check, "SQLite's own check of the restored file: ok, damaged, could not.");
        visit("proof", proof, "What was read back and is the backup: content.");
        visit("expectations", expectations, "What must hold, and whether it does.");
        visit("smoke", smoke, "How the smoke command ended; empty: there is none.");
        visit("findings", findings, "What is wrong.");
    }
};
struct DrilledCompanion {
    std::string path;
    std::uint64_t files = 0, bytes = 0;
    std::vector<std::string> findings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("path", path, "The file or folder in the backup.");
        visit("files", files, "Files restored.");
        visit("bytes", bytes, "Bytes of them all.");
        visit("findings", findings, "What is wrong with what was read back: content, modes, times, targets of links.");
    }
};
struct DrilledBackup {
    std::uint64_t number = 0, bytes = 0;
    std::string file, source, scenario, error;
    Timestamp time;
    bool passed = false;
    double restore_ms = 0, total_ms = 0;
    std::vector<DrilledCompanion> companions;
    std::vector<DrilledDatabase> databases;
    std::vector<AgreementResult> agreement;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup; 0: a file.");
        visit("file", file, "The file.");
        visit("source", source, "Its source.");
        visit("time", time, "The moment it holds.");
        visit("passed", passed, "It can be restored, and is good for use.");
        visit("scenario", scenario, "What was rehearsed.");
        visit("bytes", bytes, "Bytes restored.");
        visit("restore_ms", restore_ms, "Until the files were written, synced and proven.");
        visit("total_ms", total_ms, "Until they were also checked and tried: the recovery time (RTO).");
        visit("companions", companions, "Each file or folder that belongs with the databases.");
        visit("databases", databases, "Each database.");
        visit("agreement", agreement, "Whether the restored files say the same as the restored databases, as the settings have it: what disagrees does not pass.");
        visit("error", error, "Why it could not be restored.");
    }
};
struct DrillReport {
    bool passed = true;
    std::vector<DrilledBackup> backups;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("passed", passed, "Every backup drilled has passed.");
        visit("backups", backups, "Each backup.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<DrillReport> drill(Context& context, const DrillRequest& request);

}  // namespace holdfast::operations

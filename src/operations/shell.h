// shell: an interactive sqlite3 on a backup, the live database or a file, which it cannot change.
#pragma once

#include <functional>

#include "holdfast/operations/context.h"
#include "holdfast/operations/outside_request.h"

namespace holdfast::operations {

struct ShellReport {
    std::uint64_t number = 0, bytes = 0;
    std::string of;
    Timestamp time;
    std::vector<std::string> databases, warnings;
    std::int64_t exit_code = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup's number; 0: it is none of the repository.");
        visit("of", of, "What was opened, in words.");
        visit("time", time, "The moment that it holds.");
        visit("databases", databases, "What its databases are called in SQL; the first one is main.");
        visit("bytes", bytes, "What was unpacked for it.");
        visit("exit_code", exit_code, "Of sqlite3; when a signal ended it, 128 and its number.");
        visit("warnings", warnings, "What else should be known.");
    }
};
struct ShellRequest {
    RepositoryRequest repository;
    std::string snapshot = "latest";
    std::string at, source, program = "sqlite3", place;
    std::vector<std::string> only, words;
    OutsideRequest outside;
    bool unpack = false;
    // Called before the program gets the terminal; its exit code is not known then.
    std::function<void(const ShellReport&)> announce = [](const ShellReport&) {};

    static OperationText operation() {
        return {.name = "shell",
                .sentence = "Open a backup in an interactive sqlite3.",
                .details = "SNAPSHOT is as for holdfast query: a backup, live, or a file. Its databases are unpacked into a private temporary folder, which is gone when "
                           "sqlite3 ends, and opened read-only there; a backup of several databases has each under its file's name. Nothing of the backup or the live "
                           "database can be changed from it. What comes behind -- is for sqlite3, which gets the terminal as if it had been run by itself; the exit code is "
                           "its own. Of an encrypted repository nothing is written in the clear unless --unpack says so; holdfast query needs no unpacking.",
                .examples = {{"holdfast shell 43", ""},
                             {"holdfast shell latest --source app.db -- -box 'SELECT * FROM sessions'", "with options of sqlite3"},
                             {"holdfast shell old.db.gz", "a packed backup file"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "The backup, live, or a file.", .value = "SNAPSHOT", .positional = true});
        visit(words, {.name = "arguments", .sentence = "For sqlite3: everything behind --, untouched.", .value = "ARGUMENT", .positional = true, .rest = true});
        visit(at, {.name = "at", .sentence = "The newest backup that is not newer than this time; instead of SNAPSHOT.", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Of this source: its name, or a database's path.", .value = "SOURCE", .letter = 's'});
        visit(only, {.name = "only", .sentence = "Of several databases only this one; may be repeated.", .value = "DATABASE"});
        visit(program, {.name = "sqlite", .sentence = "The sqlite3 program.", .value = "PROGRAM"});
        visit(place, {.name = "in", .sentence = "Unpack in this folder. Default: the first of $TMPDIR, /var/tmp, /tmp and the cache folder that has room.", .value = "FOLDER"});
        visit(unpack, {.name = "unpack", .sentence = "Also of an encrypted repository: it lies in the clear until sqlite3 ends."});
        outside.describe(visit);
        repository.describe(visit);
    }
};
// `denied`: the repository is sealed, and nobody said unpack; `not_found`: there is no such program.
Result<ShellReport> shell(Context& context, const ShellRequest& request);

}  // namespace holdfast::operations

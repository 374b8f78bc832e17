// dump: a database as text: for git, for other programs, and for merge.
#pragma once

#include <functional>

#include "holdfast/operations/context.h"
#include "holdfast/operations/outside_request.h"

namespace holdfast::operations {

struct DumpRequest {
    RepositoryRequest repository;
    std::string snapshot = "live";
    std::string at, source, to, machine;
    std::vector<std::string> only, tables, exclude;
    bool dry_run = false, prove = false;
    OutsideRequest outside;

    static OperationText operation() {
        return {.name = "dump",
                .sentence = "Write a database as text: SQL with a row a line.",
                .details = "SNAPSHOT is live, which is the database as it is now; a number (43), latest, or the beginning of an id; or the path of a database or a backup file. "
                           "The file holds the schema, every row to the byte, and its own hash, so that a cut or edited one is noticed. sqlite3 NEW.db < FILE makes an equal "
                           "database. The same content gives the same bytes, in an order that makes git's differences the rows that changed; a file in which nothing but its "
                           "time would change is left alone. Memory does not grow with the database.",
                .examples = {{"holdfast dump --to app.sql", "the database as it is now"},
                             {"holdfast dump --to history/", "to history/MACHINE.sql, whose name is this machine's own"},
                             {"holdfast dump 43 --table sessions", "one table as it was in backup #43"},
                             {"holdfast dump old.db.gz --to old.sql", "of a file"},
                             {"holdfast dump latest --to app.sql --prove", "loaded and compared before it gets its name"},
                            {"holdfast dump --to history/ --dry-run", "what it would write, and whether anything changed"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "live, a backup, or a file.", .value = "SNAPSHOT", .positional = true});
        visit(to, {.name = "to", .sentence = "The file; a folder gets MACHINE.sql; - is standard output, which is the default.", .value = "PATH"});
        visit(tables, {.name = "table", .sentence = "Only this table; may be repeated.", .value = "TABLE", .letter = 't'});
        visit(exclude, {.name = "exclude", .sentence = "Not this table; may be repeated.", .value = "TABLE", .letter = 'x'});
        visit(machine, {.name = "machine", .sentence = "Whose history it is: letters, digits, - and _. Default: a name that tells nothing of the machine or its people.", .value = "ID"});
        visit(at, {.name = "at", .sentence = "The newest backup that is not newer than this time; instead of SNAPSHOT.", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Of this source: its name, or a database's path.", .value = "SOURCE", .letter = 's'});
        visit(only, {.name = "only", .sentence = "Of several databases this one.", .value = "DATABASE"});
        visit(prove, {.name = "prove", .sentence = "Load it into a temporary database and compare that with the one it is of, before it counts."});
        visit(dry_run, {.name = "dry-run", .sentence = "Say what would be written, and write nothing.", .letter = 'n'});
        outside.describe(visit);
        repository.describe(visit);
    }
};
struct DumpedTableReport {
    std::string name;
    std::uint64_t rows = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("name", name, "Its name.");
        visit("rows", rows, "Its rows.");
    }
};
struct DumpReport {
    std::string file, of, machine;
    std::uint64_t number = 0;
    Timestamp time;
    std::vector<DumpedTableReport> tables;
    std::uint64_t rows = 0, bytes = 0;
    bool proven = false, written = false, unchanged = false, dry_run = false, incomplete = false;
    double duration_ms = 0;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("file", file, "Where it is; -: standard output.");
        visit("of", of, "What was read, in words.");
        visit("number", number, "The backup's number; 0: it is none of the repository.");
        visit("time", time, "The moment that it holds.");
        visit("machine", machine, "Whose history it says it is.");
        visit("tables", tables, "Tables with rows of their own, in their order.");
        visit("rows", rows, "Rows of all of them.");
        visit("bytes", bytes, "Its size.");
        visit("proven", proven, "A database was made of it, and found equal.");
        visit("written", written, "It was written; else see the next.");
        visit("unchanged", unchanged, "The file had all of it already, and was left alone.");
        visit("incomplete", incomplete, "Something of the database cannot be written as text: exit code 3.");
        visit("dry_run", dry_run, "Nothing was written.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
// A file appears whole, or stays as it was. `busy`: what was read of a live database did not belong to one moment (it is read
// again, unless it goes to standard output: the end is missing there).
Result<DumpReport> dump(Context& context, const DumpRequest& request);

}  // namespace holdfast::operations

// diff: what differs between two backups, a backup and the live database, or files: schema, rows, and SQL that makes one of the other.
#pragma once

#include <functional>

#include "holdfast/operations/context.h"
#include "holdfast/operations/database_difference.h"
#include "holdfast/operations/files_difference.h"
#include "holdfast/operations/outside_request.h"

namespace holdfast::operations {

struct DiffRequest {
    RepositoryRequest repository;
    std::string before = "latest", after = "live";
    std::string source;
    std::vector<std::string> only, tables;
    bool rows = false, sql = false, stat = false, reverse = false, internal = false, exit_code = false, no_transaction = false;
    std::uint64_t limit = 100;
    OutsideRequest outside;
    std::function<Result<void>(std::string_view)> script;  // by the surface: takes the SQL as it comes

    static OperationText operation() {
        return {.name = "diff",
                .sentence = "Say what differs between two backups, or a backup and the database as it is now.",
                .details = "BEFORE and AFTER are a number (43), latest, latest~2, last-good, or the beginning of an id; live, which is the database as it is now; or the path "
                           "of a database or a backup file, packed or not. Rows are paired by primary key, else by rowid, and compared to the byte, types included. Only what "
                           "differs is read: pages that two backups share cost nothing, nor folders and files. Companions are told by name: + added, - removed, ~ changed, > renamed. Full-text and R-Tree tables are compared by their rows; where they keep them is not "
                           "shown unless --internal. --sql writes a script that turns BEFORE into AFTER (the other way round with --reverse): run it as a whole or not at all, "
                           "as holdfast exec and sqlite3 -bail do. It is for one database: of several, --only says which.",
                .examples = {{"holdfast diff 43", "what has happened since backup #43"},
                             {"holdfast diff 43 44 --rows --table sessions", "rows of one table that differ between two backups"},
                             {"holdfast diff 43 --stat", "in numbers only"},
                             {"holdfast diff 43 live --sql --reverse", "SQL that takes everything since back"},
                             {"holdfast diff old.db.gz app.db --exit-code", "of two files; exit code 15 when they differ"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(before, {.name = "before", .sentence = "The one.", .value = "BEFORE", .positional = true});
        visit(after, {.name = "after", .sentence = "The other.", .value = "AFTER", .positional = true});
        visit(source, {.name = "source", .sentence = "Of this source: its name, or a database's path.", .value = "SOURCE", .letter = 's'});
        visit(only, {.name = "only", .sentence = "Of several databases only this one; may be repeated.", .value = "DATABASE"});
        visit(tables, {.name = "table", .sentence = "Only this table; may be repeated.", .value = "TABLE", .letter = 't'});
        visit(rows, {.name = "rows", .sentence = "Show the rows that differ."});
        visit(limit, {.name = "limit", .sentence = "With --rows: at most so many of each table.", .value = "ROWS"});
        visit(stat, {.name = "stat", .sentence = "Numbers only: no SQL of the schema, no names of files."});
        visit(sql, {.name = "sql", .sentence = "Write SQL that turns BEFORE into AFTER."});
        visit(reverse, {.name = "reverse", .sentence = "The other way round: BEFORE and AFTER change places."});
        visit(no_transaction, {.name = "no-transaction", .sentence = "With --sql: no BEGIN and COMMIT, for holdfast exec --file, which has its own."});
        visit(internal, {.name = "internal", .sentence = "Also what virtual tables and SQLite keep for themselves."});
        visit(exit_code, {.name = "exit-code", .sentence = "End with exit code 15 when something differs."});
        outside.describe(visit);
        repository.describe(visit);
    }
};
struct DiffSide {
    std::string of;
    std::uint64_t number = 0;
    Timestamp time;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("of", of, "What it is, in words.");
        visit("number", number, "The backup's number; 0: it is none of the repository.");
        visit("time", time, "The moment it holds.");
    }
};
struct DiffReport {
    DiffSide before, after;
    bool equal = false;
    std::vector<DatabaseDifference> databases;
    std::optional<FilesDifference> companions;
    std::uint64_t statements = 0;
    bool incomplete = false;  // a table could not be compared, or a file not be looked at: exit code 3
    double duration_ms = 0;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("before", before, "The one.");
        visit("after", after, "The other.");
        visit("equal", equal, "Nothing differs.");
        visit("databases", databases, "Each database, as far as it differs.");
        visit("companions", companions, "Files and folders that belong with them; null: there are none, or it was asked about databases alone.");
        visit("statements", statements, "With --sql: how many were written.");
        visit("incomplete", incomplete, "A table could not be compared, or a file not be looked at: exit code 3.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
// `busy`: what was read of a live database did not belong to one moment (it is read again, unless a script was written).
Result<DiffReport> diff(Context& context, const DiffRequest& request);

}  // namespace holdfast::operations

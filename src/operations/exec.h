// exec: a script of SQL on a database, with an automatic backup before the first write.
#pragma once

#include "holdfast/operations/before_write.h"
#include "holdfast/operations/script_request.h"
#include "holdfast/operations/sql_rows.h"
#include "holdfast/operations/target_request.h"

namespace holdfast::operations {

struct ExecRequest : ScriptRequest {
    TargetRequest target;
    std::string operation_name;
    std::string foreign_keys = "as-is";
    std::vector<std::string> attach;
    std::uint64_t limit = 1000;
    bool dry_run = false;
    BeforeWriteRequest before;

    static OperationText operation() {
        return {.name = "exec",
                .sentence = "Run SQL on a database, with a backup before the first write.",
                .details = "Statements are told apart by SQLite itself. A script that only reads is run on the database as it is frozen for it: no backup, and nothing is left "
                           "beside it. One that writes is run in one transaction: while its write lock is held an automatic backup is made, then the statements run; what fails "
                           "takes everything back. VACUUM, PRAGMA journal_mode and wal_checkpoint cannot be part of a transaction: they must stand last, and run after the "
                           "commit. BEGIN, COMMIT, ATTACH and VACUUM INTO in the script are refused.",
                .examples = {{"holdfast exec app.db 'SELECT count(*) FROM sessions'", "reads, and makes no backup"},
                             {"holdfast exec app.db 'DELETE FROM sessions WHERE id = :id' -p id=42 --foreign-keys on", "with its cascades"},
                             {"holdfast exec app.db --file migrate.sql --operation migrate --dry-run", "show what a migration would change"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        target.describe(visit);
        ScriptRequest::describe(visit);
        visit(attach, {.name = "attach", .sentence = "Another database, to be read as NAME.table, as it is when the script begins; may be repeated.", .value = "NAME=FILE"});
        visit(foreign_keys, {.name = "foreign-keys", .sentence = "Enforce foreign keys and their cascades: on, off, or as-is (SQLite's default: off).", .value = "HOW"});
        visit(dry_run, {.name = "dry-run", .sentence = "Run it in its transaction, show what would change, and take it back; no backup.", .letter = 'n'});
        visit(limit, {.name = "limit", .sentence = "Show at most so many rows of a statement; all are counted.", .value = "ROWS"});
        visit(operation_name, {.name = "operation", .sentence = "Name of the operation that the backup is made before.", .value = "NAME"});
        before.describe(visit);
    }
};
struct ExecReport {
    std::string database;
    bool dry_run = false, wrote = false;
    WayBack before;
    std::vector<SqlStatement> statements;
    std::vector<ChangedTable> changes;
    std::vector<ChangedObject> schema;
    std::vector<ChangedProperty> properties;
    double writers_blocked_ms = 0, duration_ms = 0;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "The database.");
        visit("dry_run", dry_run, "Everything was taken back.");
        visit("wrote", wrote, "The script writes, so it was run on the database itself.");
        visit("before", before, "The backup of the state before.");
        visit("statements", statements, "Each statement, with its rows.");
        visit("changes", changes, "Tables of which rows changed.");
        visit("schema", schema, "What was created, changed, renamed or dropped.");
        visit("properties", properties, "What changed of the database besides rows and schema: user_version, journal_mode and their like.");
        visit("writers_blocked_ms", writers_blocked_ms, "How long writers had to wait, at most.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<ExecReport> exec(Context& context, const ExecRequest& request);

}  // namespace holdfast::operations

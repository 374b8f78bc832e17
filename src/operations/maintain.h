// maintain: check, cleanup, vacuum, analyze, stats, and all of them: what keeps a database well.
#pragma once

#include <optional>

#include "holdfast/operations/before_write.h"
#include "holdfast/operations/cleanup_request.h"
#include "holdfast/operations/sql_rows.h"
#include "holdfast/operations/target_request.h"

namespace holdfast::operations {

struct MaintainCheckRequest {
    OneOrAllRequest target;
    RepositoryRequest repository;
    std::uint64_t wait_s = 10;
    static OperationText operation() {
        return {.name = "maintain check",
                .sentence = "Have SQLite check a database, every page and every reference.",
                .details = "Reads the database as it is frozen for it; nothing is left beside it. When it is damaged (exit code 4) the ways on are told, the best first, as ready "
                           "commands. Broken references alone end with exit code 3.",
                .examples = {{"holdfast maintain check app.db", "integrity and foreign keys"}, {"holdfast maintain check", "every database of the settings"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        target.describe(visit);
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for locks of other programs.", .value = "SECONDS"});
        repository.describe(visit);
    }
};
struct BrokenReference {
    std::string table, parent;
    std::uint64_t rows = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("table", table, "The table that refers.");
        visit("parent", parent, "The table referred to.");
        visit("rows", rows, "Rows whose row there is missing.");
    }
};
struct WayOn {
    std::string what, command;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("what", what, "What it does.");
        visit("command", command, "The command.");
    }
};
struct MaintainCheckReport {
    std::string database, integrity, references_note;
    std::vector<std::string> findings;
    std::vector<BrokenReference> references;
    std::vector<WayOn> ways_on;
    bool damaged = false;
    double duration_ms = 0;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "The database.");
        visit("integrity", integrity, "SQLite's own check: ok, damaged, could not.");
        visit("findings", findings, "What it said.");
        visit("references", references, "References to rows that are not there.");
        visit("references_note", references_note, "Why references could not be checked.");
        visit("damaged", damaged, "It is damaged: exit code 4.");
        visit("ways_on", ways_on, "What to do, the best first.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<MaintainCheckReport> maintain_check(Context& context, const MaintainCheckRequest& request);

struct MaintainCleanupRequest {
    OneOrAllRequest target;
    CleanupRequest rules;
    bool dry_run = false;
    BeforeWriteRequest before;
    bool is_one_of_several = false;  // without a rule for it nothing is to be done; no flag
    static OperationText operation() {
        return {.name = "maintain cleanup",
                .sentence = "Delete rows older than an age, with all that hangs on them.",
                .details = "By one rule of flags, else by those of the database's source in the settings. In one transaction, with foreign keys on, so that cascades happen, and with an automatic backup made under its write lock. Afterwards no reference may be "
                           "broken that was whole before; else all is taken back. A time is text (2026-08-01 09:30:00, with T, Z or +02:00; UTC without a zone) or a number since 1970 "
                           "(seconds, milliseconds, microseconds, nanoseconds), each value for itself; what is neither, or NULL, is never deleted, and counted. A dry run deletes "
                           "in a copy, so that its counts are the true ones and nobody waits.",
                .examples = {{"holdfast maintain cleanup app.db --table sessions --column ended_at --older-than 30d --where 'processed = 1' --dry-run", "count first"},
                             {"holdfast maintain cleanup app.db --table events --column timestamp --older-than 90d", "then delete"},
                             {"holdfast maintain cleanup", "every database of the settings, by its [[source.NAME.cleanup]]"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        target.describe(visit);
        rules.describe(visit);
        visit(dry_run, {.name = "dry-run", .sentence = "Say exactly what would be deleted; change nothing.", .letter = 'n'});
        before.describe(visit);
    }
};
struct CleanedTable {
    std::string table, column, older_than, where;
    std::uint64_t deleted = 0, without_time = 0, unreadable = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("table", table, "The rule's table.");
        visit("column", column, "Its column of time.");
        visit("older_than", older_than, "Its age.");
        visit("where", where, "Its further condition.");
        visit("deleted", deleted, "Rows deleted by the rule itself.");
        visit("without_time", without_time, "Rows with NULL there, kept.");
        visit("unreadable", unreadable, "Rows with something that is no time there, kept.");
    }
};
struct MaintainCleanupReport {
    std::string database;
    bool dry_run = false;
    std::vector<CleanedTable> rules;
    std::vector<ChangedTable> changes;
    WayBack before;
    std::vector<std::string> warnings;
    double writers_blocked_ms = 0, duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "The database.");
        visit("dry_run", dry_run, "Nothing was changed.");
        visit("rules", rules, "Each rule.");
        visit("changes", changes, "Rows changed in each table, cascades and triggers included.");
        visit("before", before, "The backup of the state before.");
        visit("writers_blocked_ms", writers_blocked_ms, "How long writers had to wait, at most.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<MaintainCleanupReport> maintain_cleanup(Context& context, const MaintainCleanupRequest& request);

struct MaintainVacuumRequest {
    OneOrAllRequest target;
    std::string by_way_of;
    BeforeWriteRequest before;
    static OperationText operation() {
        return {.name = "maintain vacuum",
                .sentence = "Give free pages back to the disk.",
                .details = "VACUUM needs room for the database once more, and for its journal; that is looked at first. Where there is not enough, --by-way-of writes the smaller database into a "
                           "folder on another disk, compares it with the original row by row, and brings it back in one transaction, if nobody has written meanwhile: that needs room beside the "
                           "database for the smaller one once (its journal, or WAL). "
                           "An automatic backup is made first. Rowids of tables without an INTEGER PRIMARY KEY may change, as with every VACUUM.",
                .examples = {{"holdfast maintain vacuum app.db", "in place"}, {"holdfast maintain vacuum app.db --by-way-of /mnt/usb", "where the disk is nearly full"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        target.describe(visit);
        visit(by_way_of, {.name = "by-way-of", .sentence = "Build the smaller database in this folder.", .value = "FOLDER"});
        before.describe(visit);
    }
};
struct MaintainVacuumReport {
    std::string database, by_way_of;
    std::uint64_t bytes_before = 0, bytes_after = 0;
    WayBack before;
    std::vector<std::string> warnings;
    double duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "The database.");
        visit("by_way_of", by_way_of, "The folder where the smaller one was built.");
        visit("bytes_before", bytes_before, "Its size before, pages times their size.");
        visit("bytes_after", bytes_after, "Its size after.");
        visit("before", before, "The backup of the state before.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
Result<MaintainVacuumReport> maintain_vacuum(Context& context, const MaintainVacuumRequest& request);

struct MaintainAnalyzeRequest {
    OneOrAllRequest target;
    BeforeWriteRequest before;
    static OperationText operation() {
        return {.name = "maintain analyze",
                .sentence = "Let SQLite count what its query planner needs to know.",
                .details = "ANALYZE, in one transaction, with an automatic backup first.",
                .examples = {{"holdfast maintain analyze app.db", "after many changes"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        target.describe(visit);
        before.describe(visit);
    }
};
struct MaintainAnalyzeReport {
    std::string database;
    std::uint64_t indexes = 0;
    WayBack before;
    double duration_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "The database.");
        visit("indexes", indexes, "Indexes and tables with statistics now.");
        visit("before", before, "The backup of the state before.");
        visit("duration_ms", duration_ms, "How long it took.");
    }
};
Result<MaintainAnalyzeReport> maintain_analyze(Context& context, const MaintainAnalyzeRequest& request);

struct MaintainStatsRequest {
    OneOrAllRequest target;
    std::uint64_t wait_s = 10;
    SettingsRequest settings = {};
    static OperationText operation() {
        return {.name = "maintain stats",
                .sentence = "How large a database is, and what takes the room.",
                .details = "Reads the database as it is frozen for it; nothing is left beside it.",
                .examples = {{"holdfast maintain stats app.db", "rows and bytes of each table"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        target.describe(visit);
        visit(wait_s, {.name = "wait", .sentence = "Wait so long for locks of other programs.", .value = "SECONDS"});
        settings.describe(visit);
    }
};
struct TableSize {
    std::string table;
    std::uint64_t rows = 0, bytes = 0, unused_bytes = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("table", table, "The table.");
        visit("rows", rows, "Its rows.");
        visit("bytes", bytes, "Its pages and those of its indexes.");
        visit("unused_bytes", unused_bytes, "Free within those pages.");
    }
};
struct MaintainStatsReport {
    std::string database, journal_mode, encoding, auto_vacuum;
    std::uint64_t file_bytes = 0, wal_bytes = 0, page_size = 0, pages = 0, free_pages = 0, indexes = 0, views = 0, triggers = 0;
    std::int64_t user_version = 0, application_id = 0;
    std::vector<TableSize> tables;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "The database.");
        visit("file_bytes", file_bytes, "Size of its file.");
        visit("wal_bytes", wal_bytes, "Size of its -wal.");
        visit("journal_mode", journal_mode, "wal or rollback.");
        visit("page_size", page_size, "Bytes in a page.");
        visit("pages", pages, "Pages.");
        visit("free_pages", free_pages, "Free pages: what a VACUUM gives back.");
        visit("encoding", encoding, "Encoding of its texts.");
        visit("auto_vacuum", auto_vacuum, "none, full or incremental.");
        visit("user_version", user_version, "The application's own version.");
        visit("application_id", application_id, "The application's id.");
        visit("indexes", indexes, "Indexes.");
        visit("views", views, "Views.");
        visit("triggers", triggers, "Triggers.");
        visit("tables", tables, "Each table, largest first.");
    }
};
Result<MaintainStatsReport> maintain_stats(Context& context, const MaintainStatsRequest& request);

struct MaintainAllRequest {
    std::vector<std::string> databases;
    std::string application_id;
    CleanupRequest rules;
    std::string by_way_of;
    BeforeWriteRequest before;
    static OperationText operation() {
        return {.name = "maintain all",
                .sentence = "Backup, cleanup, vacuum, analyze, check, stats, in this order.",
                .details = "Stops at the first that fails, and says what was done. Without a rule, here or in the settings, nothing is cleaned up. "
                           "Without a database each of the settings is maintained, and one that fails does not stop the others.",
                .examples = {{"holdfast maintain all", "every database of the settings"},
                             {"holdfast maintain all app.db --table events --column timestamp --older-than 90d", "once a week, say"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(databases, {.name = "database", .sentence = "The databases; default: those of the settings.", .value = "DATABASE", .positional = true});
        visit(application_id, {.name = "application-id", .sentence = "Refuse a database with another application_id (a number, or 0x and hexadecimal).", .value = "ID"});
        rules.describe(visit);
        visit(by_way_of, {.name = "by-way-of", .sentence = "Vacuum by way of this folder, on another disk.", .value = "FOLDER"});
        before.describe(visit);
    }
};
struct MaintainAllReport {
    std::string database, failed_step, failure, advice;
    std::vector<std::string> done;
    WayBack before;
    std::optional<MaintainCleanupReport> cleanup;
    std::optional<MaintainVacuumReport> vacuum;
    std::optional<MaintainAnalyzeReport> analyze;
    std::optional<MaintainCheckReport> check;
    std::optional<MaintainStatsReport> stats;
    int exit_code = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "The database.");
        visit("done", done, "The steps that were done.");
        visit("failed_step", failed_step, "The one that failed; empty: none.");
        visit("failure", failure, "Why.");
        visit("advice", advice, "What to do about it.");
        visit("before", before, "The backup of the state before.");
        visit("cleanup", cleanup, "The cleanup.");
        visit("vacuum", vacuum, "The vacuum.");
        visit("analyze", analyze, "The analysis.");
        visit("check", check, "The check.");
        visit("stats", stats, "Sizes afterwards.");
    }
};
// Of one database.
Result<MaintainAllReport> maintain_all(Context& context, const MaintainAllRequest& request);

int exit_code_of(const MaintainCheckReport& report);
int exit_code_of(const MaintainAllReport& report);
// What was to be done is done. A scheduled backup that lacked as much would end so, too.
int exit_code_of(const MaintainCleanupReport& report);
int exit_code_of(const MaintainVacuumReport& report);
int exit_code_of(const MaintainAnalyzeReport& report);

}  // namespace holdfast::operations

// query: SQL that only reads, on a backup, the live database or a file, without restoring it.
#pragma once

#include "holdfast/base/row_sink.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/outside_request.h"
#include "holdfast/operations/script_request.h"
#include "holdfast/operations/sql_rows.h"

namespace holdfast::operations {

struct QueryRequest {
    RepositoryRequest repository;
    std::string snapshot = "latest";
    std::string at, source, limit, time_limit;
    std::vector<std::string> only;
    ScriptRequest script;
    OutsideRequest outside;
    bool tables = false, csv = false, json_lines = false;
    RowSink* rows = nullptr;  // by the surface: takes the rows as they come, and the report has none; with csv and json_lines of one result

    static OperationText operation() {
        return {.name = "query",
                .sentence = "Run SQL on a backup without restoring it.",
                .details = "SNAPSHOT is a number (43), latest, latest~2, last-good, or the beginning of an id; live, which is the database as it is now; or the path of a "
                           "backup file, packed or not. SQLite reads the backup page by page where it lies, each page proven, and nothing can be written: statements that "
                           "would write, set something or attach a file are refused (temporary tables may be made). A backup of several databases has each under its "
                           "file's name (app.sessions); unqualified names are looked for in all of them. It stays whole until the query has ended, whatever is pruned "
                           "meanwhile. --csv and --json-lines give row by row, however many there are: NULL is an empty field in CSV and an empty text is \"\"; a blob is "
                           "x'…' in CSV, and {\"hex\": …} in JSON.",
                .examples = {{"holdfast query 'SELECT count(*) FROM sessions'", "in the newest backup"},
                             {"holdfast query 43 'SELECT count(*) FROM sessions'", "in backup #43"},
                             {"holdfast query --at yesterday 'SELECT * FROM sessions WHERE id = :id' -p id=42", "as it was then"},
                             {"holdfast query latest --csv 'SELECT * FROM events'", "a whole table, row by row"},
                             {"holdfast query live --source app.db 'PRAGMA integrity_check'", "the database in use, frozen for the query"},
                             {"holdfast query 43 --tables", "what is in it"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(snapshot, {.name = "snapshot", .sentence = "The backup, live, or a file.", .value = "SNAPSHOT", .positional = true});
        script.describe(visit);
        visit(at, {.name = "at", .sentence = "The newest backup that is not newer than this time; instead of SNAPSHOT.", .value = "TIME"});
        visit(source, {.name = "source", .sentence = "Of this source: its name, or a database's path.", .value = "SOURCE", .letter = 's'});
        visit(only, {.name = "only", .sentence = "Of several databases only this one; may be repeated.", .value = "DATABASE"});
        visit(tables, {.name = "tables", .sentence = "List tables with their columns, and views, instead of SQL."});
        visit(csv, {.name = "csv", .sentence = "Rows as CSV (RFC 4180), with a line of names."});
        visit(json_lines, {.name = "json-lines", .sentence = "Each row as a JSON object on a line of its own."});
        visit(limit, {.name = "limit", .sentence = "At most so many rows of each result; 0: all. Default: all for --csv and --json-lines, else 1000.", .value = "ROWS"});
        visit(time_limit, {.name = "time-limit", .sentence = "Stop after so long (30s, 5m).", .value = "DURATION"});
        outside.describe(visit);
        repository.describe(visit);
    }
};
struct QueriedDatabase {
    std::string name, path;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("name", name, "What it is called in SQL; the first one is main, too.");
        visit("path", path, "Where it lies; of one in a bundle, its name there.");
    }
};
struct QueriedTable {
    std::string database, name, kind;
    std::vector<std::string> columns;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "What its database is called in SQL.");
        visit("name", name, "Its name.");
        visit("kind", kind, "table, virtual, or view.");
        visit("columns", columns, "Names of its columns, in their order.");
    }
};
struct QueryRows {
    std::string sql;
    std::vector<std::string> columns, types;
    std::uint64_t row_count = 0;
    bool more = false;
    std::vector<std::vector<Cell>> rows;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("sql", sql, "The beginning of the statement.");
        visit("columns", columns, "Names of the columns.");
        visit("types", types, "Their declared types; empty: an expression, or none was declared.");
        visit("row_count", row_count, "How many rows are given.");
        visit("more", more, "There are more: --limit ended it.");
        visit("rows", rows, "Rows: numbers, texts, null; a blob is {\"hex\": …}. Empty with --csv and --json-lines.");
    }
};
struct QueryReport {
    std::uint64_t number = 0;
    std::string of;
    Timestamp time;
    std::vector<QueriedDatabase> databases;
    std::vector<QueryRows> results;
    std::vector<QueriedTable> tables;
    double duration_ms = 0;
    std::vector<std::string> warnings;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("number", number, "The backup's number; 0: it is none of the repository.");
        visit("of", of, "What was read, in words.");
        visit("time", time, "The moment that it holds.");
        visit("databases", databases, "Its databases.");
        visit("results", results, "Of each statement that gives rows.");
        visit("tables", tables, "With --tables: tables and views.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("warnings", warnings, "What else should be known.");
    }
};
// `invalid`: SQL that SQLite does not take, or that would write; `corrupt`: a page that was needed is damaged; `cancelled`:
// on request, or over the time limit; `busy`: what was read of a live database did not belong to one moment (it is
// asked again, unless a sink has rows that it cannot take back: they are void).
Result<QueryReport> query(Context& context, const QueryRequest& request);

}  // namespace holdfast::operations

// Statements of every kind, with the class that SQLite itself must agree with.
#pragma once

#include <string>
#include <vector>

#include "holdfast/live/statements.h"

namespace holdfast::live::tests_of_statements {

// The database on which they are tried.
inline const std::string schema_sql =
    "CREATE TABLE parents(id INTEGER PRIMARY KEY, name TEXT UNIQUE);"
    "CREATE TABLE children(id INTEGER PRIMARY KEY, parent REFERENCES parents ON DELETE CASCADE, note TEXT);"
    "CREATE TABLE keyed(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
    "CREATE TABLE log(what TEXT);"
    "CREATE VIEW names AS SELECT name FROM parents;"
    "CREATE TRIGGER through_view INSTEAD OF INSERT ON names BEGIN INSERT INTO parents(name) VALUES (new.name); END;"
    "CREATE TRIGGER logged AFTER DELETE ON parents BEGIN INSERT INTO log VALUES ('gone'); END;"
    "CREATE VIRTUAL TABLE texts USING fts5(body);"
    "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1);"
    "CREATE VIRTUAL TABLE old_texts USING fts4(body);"
    "CREATE INDEX notes ON children(note);"
    "INSERT INTO parents(id, name) VALUES (1, 'a'), (2, 'b'), (3, 'c');"
    "INSERT INTO children(parent, note) VALUES (1, 'x'), (1, 'y'), (2, 'z');"
    "INSERT INTO keyed VALUES ('p', 1), ('q', 2);"
    "INSERT INTO texts VALUES ('one two'), ('three');"
    "INSERT INTO boxes VALUES (1, 0, 1);"
    "INSERT INTO old_texts VALUES ('alpha beta'); INSERT INTO old_texts VALUES ('gamma');";

struct Listed {
    std::string sql;
    StatementKind kind;
};

inline const std::vector<Listed> listed = {
    // reads
    {"SELECT * FROM parents", StatementKind::reads},
    {"  -- a comment\n /* another */ ; SELECT 1", StatementKind::reads},
    {"\xEF\xBB\xBFSELECT 1", StatementKind::reads},
    {"VALUES (1), (2)", StatementKind::reads},
    {"WITH t(a) AS (SELECT 1) SELECT * FROM t", StatementKind::reads},
    {"SELECT * FROM texts WHERE texts MATCH 'one'", StatementKind::reads},
    {"SELECT * FROM boxes WHERE x0 < 1", StatementKind::reads},
    {"SELECT * FROM pragma_table_info('parents')", StatementKind::reads},
    {"SELECT 'DELETE FROM parents'", StatementKind::reads},
    {"EXPLAIN DELETE FROM parents", StatementKind::reads},
    {"EXPLAIN QUERY PLAN DELETE FROM parents", StatementKind::reads},
    {"EXPLAIN VACUUM", StatementKind::reads},
    {"PRAGMA user_version", StatementKind::reads},
    {"PRAGMA journal_mode", StatementKind::reads},
    {"PRAGMA main.table_info(boxes)", StatementKind::reads},
    {"PRAGMA table_info(texts)", StatementKind::reads},
    {"PRAGMA integrity_check", StatementKind::reads},
    {"PRAGMA quick_check(3)", StatementKind::reads},
    {"PRAGMA foreign_key_check(children)", StatementKind::reads},
    {"PRAGMA Foreign_Key_List = children", StatementKind::reads},
    {"PRAGMA auto_vacuum", StatementKind::reads},
    {"PRAGMA page_count", StatementKind::reads},
    // temporary
    {"CREATE TEMP TABLE scratch(a)", StatementKind::temporary},
    {"CREATE TEMPORARY TABLE scratch AS SELECT * FROM parents", StatementKind::temporary},
    {"CREATE TEMP VIEW seen AS SELECT * FROM parents", StatementKind::temporary},
    // settings
    {"PRAGMA foreign_keys = ON", StatementKind::sets},
    {"PRAGMA cache_size(-2000)", StatementKind::sets},
    {"PRAGMA synchronous = OFF", StatementKind::sets},
    {"PRAGMA page_size = 8192", StatementKind::sets},
    {"PRAGMA secure_delete = ON", StatementKind::sets},
    {"PRAGMA encoding = 'UTF-16le'", StatementKind::sets},
    {"PRAGMA recursive_triggers = 1", StatementKind::sets},
    {"PRAGMA busy_timeout = 100", StatementKind::sets},
    {"PRAGMA wal_autocheckpoint = 0", StatementKind::sets},
    // rows
    {"INSERT INTO parents(name) VALUES ('d')", StatementKind::writes_rows},
    {"INSERT INTO parents(name) VALUES ('d') RETURNING id", StatementKind::writes_rows},
    {"INSERT OR REPLACE INTO parents(id, name) VALUES (1, 'other')", StatementKind::writes_rows},
    {"REPLACE INTO parents(id, name) VALUES (1, 'other')", StatementKind::writes_rows},
    {"INSERT INTO parents(id, name) VALUES (1, 'z') ON CONFLICT(id) DO UPDATE SET name = excluded.name", StatementKind::writes_rows},
    {"INSERT INTO names VALUES ('through the view')", StatementKind::writes_rows},
    {"INSERT INTO texts VALUES ('four')", StatementKind::writes_rows},
    {"INSERT INTO boxes VALUES (2, 3, 4)", StatementKind::writes_rows},
    {"INSERT INTO old_texts(old_texts) VALUES ('optimize')", StatementKind::writes_rows},
    {"UPDATE children SET note = 'new'", StatementKind::writes_rows},
    {"UPDATE children SET note = 'new' RETURNING *", StatementKind::writes_rows},
    {"UPDATE keyed SET k = 'r' WHERE k = 'p'", StatementKind::writes_rows},
    {"DELETE FROM parents", StatementKind::writes_rows},
    {"DELETE FROM children", StatementKind::writes_rows},
    {"DELETE FROM keyed", StatementKind::writes_rows},
    {"DELETE FROM texts WHERE rowid = 1", StatementKind::writes_rows},
    {"WITH doomed(i) AS (SELECT 1) DELETE FROM parents WHERE id IN (SELECT i FROM doomed)", StatementKind::writes_rows},
    {"WITH t(a) AS (VALUES (9)) INSERT INTO keyed SELECT a, a FROM t", StatementKind::writes_rows},
    {"WITH t(a) AS (VALUES (9)) UPDATE keyed SET v = (SELECT a FROM t)", StatementKind::writes_rows},
    {"/* SELECT */ DELETE FROM children -- SELECT", StatementKind::writes_rows},
    {"PRAGMA user_version = 7", StatementKind::writes_rows},
    {"PRAGMA main.application_id(77)", StatementKind::writes_rows},
    {"pragma USER_VERSION=9", StatementKind::writes_rows},
    {"PRAGMA default_cache_size = 100", StatementKind::writes_rows},
    // schema
    {"CREATE TABLE made(a)", StatementKind::writes_schema},
    {"CREATE TABLE made AS SELECT * FROM parents", StatementKind::writes_schema},
    {"CREATE INDEX made ON parents(name)", StatementKind::writes_schema},
    {"CREATE VIEW made AS SELECT 1", StatementKind::writes_schema},
    {"CREATE TRIGGER made AFTER INSERT ON parents BEGIN SELECT 1; END", StatementKind::writes_schema},
    {"CREATE VIRTUAL TABLE made USING fts5(a)", StatementKind::writes_schema},
    {"ALTER TABLE parents ADD COLUMN more", StatementKind::writes_schema},
    {"ALTER TABLE parents RENAME TO ancestors", StatementKind::writes_schema},
    {"ALTER TABLE children RENAME COLUMN note TO remark", StatementKind::writes_schema},
    {"ALTER TABLE keyed DROP COLUMN v", StatementKind::writes_schema},
    {"DROP TABLE log", StatementKind::writes_schema},
    {"DROP VIEW names", StatementKind::writes_schema},
    {"DROP INDEX notes", StatementKind::writes_schema},
    {"DROP TABLE texts", StatementKind::writes_schema},
    {"DROP TRIGGER logged", StatementKind::writes_schema},
    {"ANALYZE", StatementKind::writes_schema},  // it makes sqlite_stat1
    // alone
    {"VACUUM", StatementKind::stands_alone},
    {"  /* now */ vacuum main", StatementKind::stands_alone},
    {"PRAGMA journal_mode = WAL", StatementKind::stands_alone},
    {"PRAGMA journal_mode(truncate)", StatementKind::stands_alone},
};

// Writers that may find nothing to do: to back up before them is no mistake, to leave it out might be.
inline const std::vector<Listed> listed_without_effect = {
    {"REINDEX", StatementKind::writes_rows},
    {"PRAGMA optimize", StatementKind::writes_rows},
    {"PRAGMA incremental_vacuum", StatementKind::writes_rows},
    {"PRAGMA incremental_vacuum(2)", StatementKind::writes_rows},
    {"PRAGMA auto_vacuum = FULL", StatementKind::writes_rows},
    {"PRAGMA wal_checkpoint(TRUNCATE)", StatementKind::stands_alone},
    {"DELETE FROM parents WHERE id = 99", StatementKind::writes_rows},
    {"UPDATE parents SET name = name WHERE 0", StatementKind::writes_rows},
    {"DROP TABLE IF EXISTS nothing_of_the_kind", StatementKind::writes_rows},
    {"CREATE TABLE IF NOT EXISTS parents(a)", StatementKind::writes_schema},
    {"CREATE TEMP TRIGGER tt AFTER INSERT ON parents BEGIN SELECT 1; END", StatementKind::writes_schema},  // SQLite names main
};

// What is refused, and a word of the advice.
struct Refused {
    std::string sql, word;
};
inline const std::vector<Refused> listed_as_refused = {
    {"BEGIN", "one transaction"},
    {"BEGIN IMMEDIATE", "one transaction"},
    {"COMMIT", "one transaction"},
    {"END", "one transaction"},
    {"ROLLBACK", "one transaction"},
    {"SAVEPOINT s", "savepoints"},
    {"RELEASE s", "savepoints"},
    {"ROLLBACK TO s", "savepoints"},
    {"ATTACH 'other.db' AS other", "attaches"},
    {"ATTACH ':memory:' || '' AS other", "attaches"},
    {"DETACH other", "attaches"},
    {"VACUUM INTO 'copy.db'", "another file"},
    {"VACUUM main INTO (SELECT 'copy.db')", "another file"},
    {"PRAGMA writable_schema = ON", "unreadable"},
    {"PRAGMA schema_version = 9", "unreadable"},
    {"PRAGMA journal_mode = OFF", "one connection"},
    {"PRAGMA main.journal_mode = memory", "one connection"},
    {"PRAGMA locking_mode = exclusive", "backup out"},
    {"PRAGMA temp_store_directory = '/tmp'", "whole program"},
    {"PRAGMA forein_keys = on", "ignores"},
};

}  // namespace holdfast::live::tests_of_statements

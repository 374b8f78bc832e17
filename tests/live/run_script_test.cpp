#include "holdfast/live/run_script.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "live/statement_list.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/frozen_database.h"
#include "support/images.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;
using namespace tests_of_statements;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

struct Ran {
    Result<ScriptReport> report;
    int backups = 0;
    bool is_committed = false;
};

class RunScriptTest : public ::testing::TestWithParam<std::string> {
protected:
    RunScriptTest() { make("PRAGMA journal_mode=" + GetParam() + ";" + schema_sql); }
    void make(const std::string& sql) {
        auto connection = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::create, .trust_schema = true}));
        must(connection.execute(sql));
    }
    Ran run(Script script, ForeignKeys foreign_keys = ForeignKeys::as_is) {
        Ran ran{.report = fail(ErrorCode::bug, "not run")};
        WriteOrder order{.path = path_, .place = {.wait_ms = 300}, .foreign_keys = foreign_keys};
        order.safety = [&]() -> Result<void> {
            ++ran.backups;
            return safety_ ? safety_() : Result<void>();
        };
        auto writer = LiveWriter::open(host::real_host(), std::move(order));
        if (!writer) {
            ran.report = std::move(writer).error();
            return ran;
        }
        ScriptProgress progress;
        ran.report = write_script(*writer, script, progress, {});
        ran.is_committed = progress.is_committed;
        return ran;
    }
    std::string seen(const std::string& sql) {
        auto connection = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::read_write}));
        auto statement = must(connection.prepare(sql));
        std::string all;
        while (must(statement.step())) {
            for (int i = 0; i < statement.column_count(); ++i) all += (i > 0 ? "|" : all.empty() ? "" : " ") + statement.column_text(i);
        }
        return all;
    }
    std::map<std::string, std::int64_t> counts() {
        std::map<std::string, std::int64_t> all;
        for (const auto* table : {"parents", "children", "keyed", "log"}) {
            all[table] = std::stoll(seen(std::string("SELECT count(*) FROM ") + table));
        }
        return all;
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "app.db";
    std::function<Result<void>()> safety_;
};

INSTANTIATE_TEST_SUITE_P(JournalModes, RunScriptTest, ::testing::Values("DELETE", "PERSIST", "WAL"));

TEST_P(RunScriptTest, CountsAreThoseOfTheTablesBeforeAndAfter) {
    const std::vector<std::string> scripts = {
        "DELETE FROM parents WHERE id = 1", "DELETE FROM parents", "DELETE FROM keyed", "DELETE FROM children",
        "REPLACE INTO parents(id, name) VALUES (1, 'b')", "INSERT INTO keyed VALUES ('p', 5) ON CONFLICT(k) DO UPDATE SET v = 5",
        "UPDATE keyed SET k = k || 'x'", "INSERT OR IGNORE INTO parents(id, name) VALUES (1, 'new'), (9, 'nine')",
        "INSERT INTO names VALUES ('v'); DELETE FROM parents WHERE id > 2; UPDATE children SET note = NULL",
        "INSERT OR REPLACE INTO keyed SELECT k, v + 1 FROM keyed", "DELETE FROM keyed WHERE k = 'p' RETURNING v"};
    for (const auto& sql : scripts) {
        fs::remove(path_);
        make("PRAGMA journal_mode=" + GetParam() + ";" + schema_sql);
        const auto before = counts();
        const auto ran = run({.sql = sql, .parameters = {}}, ForeignKeys::on);
        ASSERT_THAT(ran.report, Succeeds()) << sql;
        const auto after = counts();
        for (const auto& [table, count] : before) {
            const auto& changes = ran.report->changes;
            const auto at = std::ranges::find(changes, table, &sqlite::TableChanges::table);
            const auto net = at == changes.end() ? 0 : static_cast<std::int64_t>(at->inserted) - static_cast<std::int64_t>(at->deleted);
            EXPECT_EQ(net, after.at(table) - count) << sql << ": " << table;
        }
        EXPECT_EQ(ran.backups, 1);
    }
}

// SQLite's own counters: changes() of a statement, and total_changes() with cascades and triggers.
TEST_P(RunScriptTest, CascadesAndTriggersAreCounted) {
    const auto ran = run({.sql = "DELETE FROM parents WHERE id = 1; SELECT total_changes()", .parameters = {}}, ForeignKeys::on);
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_EQ(ran.report->changes, (std::vector<sqlite::TableChanges>{{"children", 0, 0, 2}, {"log", 1, 0, 0}, {"parents", 0, 0, 1}}));
    EXPECT_EQ(std::get<std::int64_t>(ran.report->statements[1].rows[0][0]), 4);
    const auto off = run({.sql = "DELETE FROM parents WHERE id = 2", .parameters = {}}, ForeignKeys::off);
    ASSERT_THAT(off.report, Succeeds());
    EXPECT_EQ(off.report->changes, (std::vector<sqlite::TableChanges>{{"log", 1, 0, 0}, {"parents", 0, 0, 1}}));
}

TEST_P(RunScriptTest, AFailingStatementTakesEverythingBack) {
    const std::string before = seen("SELECT group_concat(name) FROM parents");
    const auto ran = run({.sql = "DELETE FROM children;\nCREATE TABLE made(a);\nINSERT INTO parents(id, name) VALUES (1, 'twice')", .parameters = {}});
    ASSERT_THAT(ran.report, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(ran.report.error().message(), HasSubstr("statement 3 (line 3: INSERT INTO parents"));
    EXPECT_THAT(ran.report.error().message(), HasSubstr("UNIQUE constraint failed: parents.id"));
    EXPECT_FALSE(ran.is_committed);
    EXPECT_EQ(seen("SELECT group_concat(name) FROM parents"), before);
    EXPECT_EQ(seen("SELECT count(*) FROM children"), "3");
    EXPECT_EQ(seen("SELECT count(*) FROM sqlite_schema WHERE name = 'made'"), "0");
    // Some failures end SQLite's transaction by themselves.
    const auto rolled = run({.sql = "DELETE FROM children; INSERT OR ROLLBACK INTO parents(id, name) VALUES (1, 'x'); DELETE FROM keyed", .parameters = {}});
    EXPECT_THAT(rolled.report, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(seen("SELECT count(*) FROM children"), "3");
    EXPECT_EQ(seen("SELECT count(*) FROM keyed"), "2");
}

TEST_P(RunScriptTest, ADeferredViolationFailsAtTheCommit) {
    const auto ran = run({.sql = "PRAGMA defer_foreign_keys = ON; INSERT INTO children(parent) VALUES (77)", .parameters = {}}, ForeignKeys::on);
    EXPECT_THAT(ran.report, FailsWith(ErrorCode::invalid));
    // Outside a transaction SQLite forgets the pragma at once: the statement itself fails.
    EXPECT_EQ(seen("SELECT count(*) FROM children"), "3");
    const auto inside = run({.sql = "SELECT 1; PRAGMA defer_foreign_keys = ON; INSERT INTO children(parent) VALUES (77)", .parameters = {}}, ForeignKeys::on);
    ASSERT_THAT(inside.report, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(inside.report.error().message(), HasSubstr("FOREIGN KEY"));
    EXPECT_FALSE(inside.is_committed);
    EXPECT_EQ(seen("SELECT count(*) FROM children"), "3");
}

std::string in_words(const std::vector<SchemaChange>& changes) {
    std::string words;
    for (const auto& one : changes) {
        words += (words.empty() ? "" : ", ") + one.type + " " + one.name + " " + one.what + (one.new_name.empty() ? "" : " to " + one.new_name) +
                 (one.rows > 0 ? " with " + std::to_string(one.rows) : "");
    }
    return words;
}

// Renamed is what ALTER TABLE renames; what only looks like it, for it gets the same root page and row, is not.
TEST_P(RunScriptTest, RenamedAndMadeAgainAreToldApart) {
    const std::vector<std::pair<std::string, std::string>> scripts = {
        {"ALTER TABLE keyed RENAME TO locked", "table keyed renamed to locked"},
        {"ALTER TABLE keyed RENAME TO locked; ALTER TABLE locked RENAME TO bolted", "table keyed renamed to bolted"},
        {"ALTER TABLE keyed RENAME TO locked; ALTER TABLE locked RENAME TO keyed", ""},
        {"ALTER TABLE keyed RENAME TO locked; ALTER TABLE locked ADD COLUMN more", "table keyed renamed to locked, table locked changed"},
        {"ALTER TABLE keyed RENAME COLUMN v TO w", "table keyed changed"},
        {"ALTER TABLE keyed RENAME TO k; ALTER TABLE log RENAME TO keyed; ALTER TABLE k RENAME TO log",
         "trigger logged changed, table keyed renamed to log, table log renamed to keyed"},
        {"ALTER TABLE keyed RENAME TO old; CREATE TABLE keyed(k, v); DROP TABLE old", "table keyed dropped with 2, table keyed created"},
        {"ALTER TABLE keyed RENAME TO old; DROP TABLE old; CREATE TABLE old(k, v)", "table keyed dropped with 2, table old created"},
        {"CREATE TABLE made(a); ALTER TABLE made RENAME TO done", "table done created"},
        {"CREATE TABLE made(k, v); INSERT INTO made SELECT * FROM keyed; DROP TABLE keyed; ALTER TABLE made RENAME TO keyed",
         "table keyed dropped with 2, table keyed created"},
        {"CREATE TABLE last(a); DROP TABLE last; CREATE TABLE least(a)", "table least created"},
        {"DROP VIEW names; CREATE VIEW names AS SELECT name FROM parents", "trigger through_view dropped"},
        {"DROP INDEX notes; CREATE INDEX notes ON children(note)", ""},
        {"CREATE TRIGGER keyed AFTER DELETE ON log BEGIN SELECT 1; END; ALTER TABLE keyed RENAME TO locked", "table keyed renamed to locked, trigger keyed created"},
        {"DROP TABLE old_texts; CREATE VIRTUAL TABLE old_texts USING fts4(body)",
         "table old_texts dropped with 2, table old_texts_content dropped, table old_texts_docsize dropped, table old_texts_segdir dropped, table old_texts_segments dropped,"
         " table old_texts_stat dropped, table old_texts created, table old_texts_content created, table old_texts_docsize created, table old_texts_segdir created,"
         " table old_texts_segments created, table old_texts_stat created"},
    };
    for (const auto& [sql, wanted] : scripts) {
        fs::remove(path_);
        make("PRAGMA journal_mode=" + GetParam() + ";" + schema_sql);
        const auto ran = run({.sql = sql, .parameters = {}});
        ASSERT_THAT(ran.report, Succeeds()) << sql;
        EXPECT_EQ(in_words(ran.report->schema), wanted) << sql;
    }
    fs::remove(path_);
    make("PRAGMA journal_mode=" + GetParam() + "; CREATE TABLE a(x); INSERT INTO a VALUES (1)");
    const std::string root = seen("SELECT rowid, rootpage FROM sqlite_schema");
    const auto ran = run({.sql = "DROP TABLE a; CREATE TABLE b(x)", .parameters = {}});
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_EQ(seen("SELECT rowid, rootpage FROM sqlite_schema"), root);
    EXPECT_EQ(in_words(ran.report->schema), "table a dropped with 1, table b created");
}

TEST_P(RunScriptTest, WhatTheHeaderSaysIsToldWhenItChanges) {
    const bool is_wal = GetParam() == "WAL";
    const auto changes = [&](const std::string& sql, bool is_dry = false) {
        std::string words;
        const auto ran = run({.sql = sql, .parameters = {}, .is_dry = is_dry});
        EXPECT_THAT(ran.report, Succeeds()) << sql;
        if (!ran.report) return words;
        for (const auto& one : ran.report->properties) words += (words.empty() ? "" : ", ") + one.name + " " + one.before + " " + one.after;
        return words;
    };
    EXPECT_EQ(changes("PRAGMA user_version = 5", true), "user_version 0 5");
    EXPECT_EQ(seen("PRAGMA user_version"), "0");
    EXPECT_EQ(changes("PRAGMA user_version = 3"), "user_version 0 3");
    EXPECT_EQ(changes("PRAGMA user_version = 5; PRAGMA application_id = 77"), "user_version 3 5, application_id 0 77");
    EXPECT_EQ(changes("PRAGMA user_version = 5"), "");
    EXPECT_EQ(changes("DELETE FROM log"), "");
    EXPECT_EQ(changes("PRAGMA journal_mode = TRUNCATE"), is_wal ? "journal_mode wal rollback" : "");
    EXPECT_EQ(changes("PRAGMA page_size = 8192; VACUUM"), "page_size 4096 8192");
    EXPECT_EQ(changes("PRAGMA auto_vacuum = 2; VACUUM"), "auto_vacuum none incremental");
    EXPECT_EQ(changes("PRAGMA user_version = 6; PRAGMA journal_mode = WAL"), "user_version 5 6, journal_mode rollback wal");
    EXPECT_EQ(changes("CREATE TABLE large AS SELECT zeroblob(100000) AS b; DROP TABLE large"), "");
    const std::string before = seen("PRAGMA page_count");
    const std::string smaller = changes("VACUUM");
    EXPECT_EQ(smaller, "page_count " + before + " " + seen("PRAGMA page_count"));
    EXPECT_EQ(seen("PRAGMA user_version"), "6");
}

TEST_P(RunScriptTest, RowsOfSQLitesOwnTablesAreCountedWhenTheyAreWritten) {
    make("CREATE TABLE counting(id INTEGER PRIMARY KEY AUTOINCREMENT); INSERT INTO counting DEFAULT VALUES");
    const auto ran = run({.sql = "UPDATE sqlite_sequence SET seq = 40", .parameters = {}});
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_EQ(ran.report->changes, (std::vector<sqlite::TableChanges>{{"sqlite_sequence", 0, 1, 0}}));
    const auto inserted = run({.sql = "INSERT INTO counting DEFAULT VALUES; CREATE TABLE more(a)", .parameters = {}});
    ASSERT_THAT(inserted.report, Succeeds());
    EXPECT_EQ(inserted.report->changes, (std::vector<sqlite::TableChanges>{{"counting", 1, 0, 0}}));
}

TEST_P(RunScriptTest, NobodyCommitsBetweenTheBackupAndTheWrite) {
    DatabaseProcess application(path_);
    safety_ = [&]() -> Result<void> {
        EXPECT_EQ(application.try_to("INSERT INTO log VALUES ('lost')").code, SQLITE_BUSY);
        EXPECT_EQ(application.run("SELECT count(*) FROM parents"), "3");  // readers go on
        const auto frozen = freeze_bytes(path_, {.busy_timeout_ms = 100});
        EXPECT_THAT(frozen, Succeeds());
        const TemporaryFolder folder;
        tests::write_file(folder / "safety.db", frozen->bytes);
        auto copy = must(sqlite::Connection::open(folder / "safety.db", {.mode = sqlite::OpenMode::read_write}));
        EXPECT_EQ(must(copy.text("SELECT group_concat(what) FROM log")), "before");
        EXPECT_EQ(must(copy.integer("SELECT count(*) FROM parents")), 3);
        return {};
    };
    application.run("INSERT INTO log VALUES ('before')");
    const auto ran = run({.sql = "DELETE FROM parents", .parameters = {}});
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_EQ(ran.backups, 1);
    EXPECT_EQ(application.run("SELECT count(*) FROM parents"), "0");
    EXPECT_EQ(application.run("INSERT INTO log VALUES ('after'); SELECT count(*) FROM log WHERE what IN ('before', 'after')"), "2");
}

TEST_P(RunScriptTest, AFailedBackupWritesNothing) {
    const auto before = footprint(folder_.path(), {.times = false});
    safety_ = []() -> Result<void> { return fail(ErrorCode::full, "no room"); };
    for (const auto* sql : {"DELETE FROM parents", "VACUUM", "PRAGMA user_version = 5"}) {
        const auto ran = run({.sql = sql, .parameters = {}});
        EXPECT_THAT(ran.report, FailsWith(ErrorCode::full)) << sql;
        EXPECT_EQ(footprint(folder_.path(), {.times = false}), before) << sql;
    }
}

TEST_P(RunScriptTest, AWriterBesideIsWaitedForAndThenNamed) {
    DatabaseProcess application(path_);
    application.run("BEGIN IMMEDIATE; INSERT INTO log VALUES ('mine')");
    const auto ran = run({.sql = "DELETE FROM parents", .parameters = {}});
    ASSERT_THAT(ran.report, FailsWith(ErrorCode::busy));
    EXPECT_THAT(ran.report.error().message(), HasSubstr(std::to_string(application.pid())));
    EXPECT_EQ(ran.backups, 0);
    application.run("COMMIT");
    EXPECT_THAT(run({.sql = "DELETE FROM parents", .parameters = {}}).report, Succeeds());
}

TEST_P(RunScriptTest, ADryRunShowsAndTakesBack) {
    const auto before = counts();
    const auto ran = run({.sql = "DELETE FROM parents; ALTER TABLE log ADD COLUMN more; DROP TABLE keyed; VACUUM; SELECT 1", .parameters = {}, .is_dry = true},
                         ForeignKeys::on);
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_EQ(counts(), before);
    EXPECT_EQ(ran.report->changes, (std::vector<sqlite::TableChanges>{{"children", 0, 0, 3}, {"log", 3, 0, 0}, {"parents", 0, 0, 3}}));
    ASSERT_EQ(ran.report->schema.size(), 2u);
    EXPECT_EQ(ran.report->schema[0].what + " " + ran.report->schema[0].name, "dropped keyed");
    EXPECT_EQ(ran.report->schema[0].rows, 2u);
    EXPECT_EQ(ran.report->schema[1].what + " " + ran.report->schema[1].name, "changed log");
    EXPECT_TRUE(ran.report->statements[3].is_untried);
}

TEST_P(RunScriptTest, WhatStandsAloneComesLastOrNotAtAll) {
    const auto last = run({.sql = "DELETE FROM children; VACUUM; PRAGMA integrity_check", .parameters = {}});
    ASSERT_THAT(last.report, Succeeds());
    EXPECT_EQ(last.backups, 1);
    EXPECT_TRUE(last.report->statements[1].is_after_commit);
    EXPECT_EQ(seen("SELECT count(*) FROM children"), "0");
    const auto first = run({.sql = "VACUUM; DELETE FROM parents", .parameters = {}});
    ASSERT_THAT(first.report, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(first.report.error().advice(), HasSubstr("put it last"));
    const auto between = run({.sql = "DELETE FROM keyed; VACUUM; DELETE FROM parents", .parameters = {}});
    EXPECT_THAT(between.report, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(seen("SELECT count(*) FROM keyed"), "2");
    const auto alone = run({.sql = "VACUUM", .parameters = {}});
    EXPECT_THAT(alone.report, Succeeds());
    EXPECT_EQ(alone.backups, 1);
    const std::string other = GetParam() == "WAL" ? "delete" : "wal";
    const auto mode = run({.sql = "PRAGMA journal_mode = " + other, .parameters = {}});
    ASSERT_THAT(mode.report, Succeeds());
    EXPECT_EQ(std::get<std::string>(mode.report->statements[0].rows[0][0]), other);
    EXPECT_EQ(seen("PRAGMA journal_mode"), other);
}

TEST_P(RunScriptTest, AFailureBehindTheCommitIsToldAsThat) {
    DatabaseProcess reader(path_);
    safety_ = [&]() -> Result<void> {
        reader.run("BEGIN; SELECT count(*) FROM parents");
        return {};
    };
    const auto ran = run({.sql = "DELETE FROM children; VACUUM", .parameters = {}});
    if (GetParam() == "WAL") {  // its reader keeps nobody from writing, nor from a VACUUM
        EXPECT_THAT(ran.report, Succeeds());
        return;
    }
    EXPECT_THAT(ran.report, FailsWith(ErrorCode::busy));
    EXPECT_FALSE(ran.is_committed);
    EXPECT_EQ(seen("SELECT count(*) FROM children"), "3");
}

TEST_P(RunScriptTest, SettingsThatStandFirstCountForTheTransaction) {
    const auto ran = run({.sql = "PRAGMA foreign_keys = OFF; DELETE FROM parents", .parameters = {}}, ForeignKeys::on);
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_EQ(seen("SELECT count(*) FROM children"), "3");
    const auto inside = run({.sql = "DELETE FROM log; PRAGMA foreign_keys = ON; DELETE FROM children", .parameters = {}});
    ASSERT_THAT(inside.report, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(inside.report.error().message(), HasSubstr("no effect"));
    EXPECT_EQ(seen("SELECT count(*) FROM children"), "3");
    const auto larger = run({.sql = "PRAGMA page_size = 8192; VACUUM", .parameters = {}});
    ASSERT_THAT(larger.report, Succeeds());
    EXPECT_EQ(seen("PRAGMA page_size"), GetParam() == "WAL" ? "4096" : "8192");
}

TEST_P(RunScriptTest, LaterStatementsSeeWhatEarlierOnesMade) {
    const auto ran = run({.sql = "CREATE TABLE made(a); INSERT INTO made VALUES (:v); SELECT a FROM made; CREATE TEMP TABLE t AS SELECT * FROM made; SELECT count(*) FROM t",
                          .parameters = {{"v", "007"}}});
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_EQ(std::get<std::string>(ran.report->statements[2].rows[0][0]), "007");
    EXPECT_EQ(std::get<std::int64_t>(ran.report->statements[4].rows[0][0]), 1);
    EXPECT_EQ(seen("SELECT a FROM made"), "007");
}

TEST_P(RunScriptTest, RowsAreKeptUpToTheLimitAndAllCounted) {
    const auto ran = run({.sql = "UPDATE children SET note = 'n' RETURNING id, x'00ff', 1.5, NULL", .parameters = {}, .rows_max = 2});
    ASSERT_THAT(ran.report, Succeeds());
    const auto& statement = ran.report->statements[0];
    EXPECT_EQ(statement.row_count, 3u);
    EXPECT_EQ(statement.rows.size(), 2u);
    EXPECT_EQ(std::get<Bytes>(statement.rows[0][1]).size(), 2u);
    EXPECT_EQ(std::get<double>(statement.rows[0][2]), 1.5);
    EXPECT_EQ(statement.rows[0][3].index(), 0u);
    EXPECT_EQ(seen("SELECT count(*) FROM children WHERE note = 'n'"), "3");
}

TEST_P(RunScriptTest, FullTextAndItsShadows) {
    const auto ran = run({.sql = "CREATE TRIGGER indexed AFTER INSERT ON parents BEGIN INSERT INTO texts VALUES (new.name); END; INSERT INTO parents(name) VALUES ('found')",
                          .parameters = {}});
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_THAT(ran.report->shadow_tables, ::testing::Contains("texts_content"));
    EXPECT_EQ(seen("SELECT body FROM texts WHERE texts MATCH 'found'"), "found");
}

TEST_P(RunScriptTest, ACrashedApplicationsWalStaysUntilTheCommit) {
    if (GetParam() != "WAL") GTEST_SKIP() << "it has none";
    DatabaseProcess victim(path_);
    victim.run("INSERT INTO log VALUES ('in the wal')");
    victim.kill_now();
    const auto before = footprint(folder_.path(), {.times = false}).at("app.db-wal");
    safety_ = []() -> Result<void> { return fail(ErrorCode::full, "no room"); };
    EXPECT_THAT(run({.sql = "DELETE FROM parents", .parameters = {}}).report, FailsWith(ErrorCode::full));
    EXPECT_EQ(footprint(folder_.path(), {.times = false}).at("app.db-wal"), before);
    safety_ = {};
    EXPECT_THAT(run({.sql = "DELETE FROM parents", .parameters = {}}).report, Succeeds());
    EXPECT_EQ(footprint(folder_.path()).size(), 1u);
    EXPECT_EQ(seen("SELECT group_concat(what) FROM log"), "in the wal,gone,gone,gone");
}

// --- reading ---

class ReadScriptTest : public RunScriptTest {
protected:
    Result<std::optional<ScriptReport>> read(const Script& script) {
        std::optional<ScriptReport> report;
        bool was_read = false;
        TRY(with_frozen(host::real_host(), path_, {}, {.use = [&](const sqlite::Image& image, const FreezeFacts& facts) -> Result<void> {
            const auto served = TRY(sqlite::serve_image(image));
            auto connection = TRY(served->connect());
            report = TRY(read_script(connection, script, facts.way, {}));
            was_read = true;
            return {};
        }}));
        EXPECT_TRUE(was_read);
        return report;
    }
};
INSTANTIATE_TEST_SUITE_P(JournalModes, ReadScriptTest, ::testing::Values("DELETE", "WAL"));

TEST_P(ReadScriptTest, LeavesNothingBesideTheDatabase) {
    const auto before = footprint(folder_.path());
    const auto report = read({.sql = "CREATE TEMP TABLE t AS SELECT * FROM parents; SELECT count(*) FROM t; PRAGMA journal_mode", .parameters = {}});
    ASSERT_THAT(report, Succeeds());
    ASSERT_TRUE(report->has_value());
    EXPECT_EQ(std::get<std::int64_t>((*report)->statements[1].rows[0][0]), 3);
    EXPECT_EQ(std::get<std::string>((*report)->statements[2].rows[0][0]), GetParam() == "WAL" ? "wal" : "delete");
    EXPECT_EQ(footprint(folder_.path()), before);
}

// SQLite calls this SELECT read-only, and it is not.
TEST_P(ReadScriptTest, ASelectThatWritesIsNotRunHere) {
    const auto report = read({.sql = "SELECT optimize(old_texts) FROM old_texts LIMIT 1", .parameters = {}});
    ASSERT_THAT(report, Succeeds());
    EXPECT_FALSE(report->has_value());
    const auto ran = run({.sql = "SELECT optimize(old_texts) FROM old_texts LIMIT 1", .parameters = {}});
    ASSERT_THAT(ran.report, Succeeds());
    EXPECT_EQ(ran.backups, 1);
    EXPECT_EQ(std::get<std::string>(ran.report->statements[0].rows[0][0]), "Index optimized");
}

TEST_P(ReadScriptTest, AnotherDatabaseBesideItIsReadAndNotWritten) {
    const std::string other = folder_ / "other.db";
    {
        auto connection = must(sqlite::Connection::open(other, {.mode = sqlite::OpenMode::create}));
        must(connection.execute("PRAGMA journal_mode=WAL; CREATE TABLE log(what TEXT); INSERT INTO log VALUES ('from there')"));
    }
    const auto before = footprint(folder_.path()).at("other.db");
    const auto attachments = Attachments::freeze(host::real_host(), path_, {{"old", other}}, {});
    ASSERT_THAT(attachments, Succeeds());
    WriteOrder order{.path = path_, .place = {.wait_ms = 300}};
    auto writer = must(LiveWriter::open(host::real_host(), std::move(order)));
    ASSERT_THAT(attachments->attach_to(writer.connection()), Succeeds());
    ScriptProgress progress;
    EXPECT_THAT(write_script(writer, {.sql = "INSERT INTO main.log SELECT what FROM old.log", .parameters = {}}, progress, {}), Succeeds());
    const auto refused = write_script(writer, {.sql = "DELETE FROM old.log", .parameters = {}}, progress, {});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().message(), HasSubstr("attached to be read"));
    EXPECT_EQ(seen("SELECT what FROM log"), "from there");
    EXPECT_EQ(footprint(folder_.path()).at("other.db"), before);
    EXPECT_THAT(Attachments::freeze(host::real_host(), path_, {{"me", path_}}, {}), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::live

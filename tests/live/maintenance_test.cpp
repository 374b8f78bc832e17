#include <gtest/gtest.h>

#include <filesystem>

#include "holdfast/live/clean_up.h"
#include "holdfast/live/content_hash.h"
#include "holdfast/live/references.h"
#include "holdfast/live/scratch_copy.h"
#include "holdfast/live/statistics.h"
#include "holdfast/live/vacuum.h"
#include "support/database_files.h"
#include "support/frozen_database.h"
#include "support/images.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;
using ::testing::HasSubstr;

const std::string schema =
    "PRAGMA foreign_keys = ON; CREATE TABLE s(id INTEGER PRIMARY KEY, at, kind TEXT DEFAULT 'x');"
    "CREATE TABLE e(id INTEGER PRIMARY KEY, s REFERENCES s ON DELETE CASCADE);"
    "CREATE TABLE t(id INTEGER PRIMARY KEY, s REFERENCES s ON DELETE SET NULL);"
    "CREATE TABLE log(what); CREATE TRIGGER gone AFTER DELETE ON e BEGIN INSERT INTO log VALUES (old.id); END;";

Timestamp at(const std::string& text) { return must(parse_moment(text, {}, [](const CivilTime& civil) { return timestamp_of(civil, 0); }, 0)); }
const Timestamp now = at("2026-08-01T00:00:00Z");

class CleanUpTest : public ::testing::Test {
protected:
    sqlite::Connection open(const std::string& more) {
        auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true}));
        must(connection.execute(schema + more + "; BEGIN"));
        return connection;
    }
    static CleanupRule rule(const std::string& where = "") { return {.table = "s", .column = "at", .older_than_s = 30 * 86'400, .where = where}; }
};

// Every form of time with what it is; SQLite itself tells the seconds of texts, arithmetic those of numbers.
TEST_F(CleanUpTest, EachValueIsReadByItself) {
    const std::vector<std::pair<std::string, bool>> values = {
        {"'2026-06-30 23:59:59'", true},     {"'2026-07-02 00:00:01'", false},        {"'2026-06-30'", true},
        {"'2026-07-02T00:00:00.5Z'", false}, {"'2026-07-02T01:59:59+02:00'", true},   {"'2026-07-01T23:59:59-02:00'", false},
        {"'2026-06-30T10:00:00.123456'", true}, {"1782000000", true},                 {"1783000000", false},
        {"1782000000000", true},             {"1783000000000", false},                {"1782000000000000", true},
        {"1783000000000000000", false},      {"1782000000000000000", true},           {"1782000000.75", true},
        {"NULL", false},                     {"''", false},                           {"'soon'", false},
        {"'12'", false},                     {"'now'", false},                        {"'1782000000'", false},
        {"x'31373832'", false},              {"0", false},                            {"2460000.5", false},
        {"-5", false},                       {"'2026-13-45'", false},                 {"'23:00'", false},
        {"'2026-06-31'", false},             {"'2020-02-30'", false},                 {"'2020-02-29'", true},
        {"'2021-02-29 10:00:00'", false},    {"'2020-00-10'", false}};
    for (const auto& [value, is_deleted] : values) {
        auto connection = open("INSERT INTO s(at) VALUES (" + value + ")");
        const auto outcome = must(clean_up(connection, {rule()}, now, {}));
        EXPECT_EQ(outcome.rules[0].deleted, is_deleted ? 1u : 0u) << value;
        EXPECT_EQ(must(connection.integer("SELECT count(*) FROM s")), is_deleted ? 0 : 1) << value;
    }
    auto all = open("INSERT INTO s(at) VALUES ('2020-01-01'), (1577836800), (1577836800000), (NULL), ('soon'), (7), ('2099-01-01')");
    const auto outcome = must(clean_up(all, {rule()}, now, {}));
    EXPECT_EQ(outcome.rules[0].deleted, 3u);
    EXPECT_EQ(outcome.rules[0].without_time, 1u);
    EXPECT_EQ(outcome.rules[0].unreadable, 2u);
}

TEST_F(CleanUpTest, AColumnMayBeGenerated) {
    for (const auto* kind : {"VIRTUAL", "STORED"}) {
        auto connection = open(std::string("CREATE TABLE g(raw, day TEXT AS (substr(raw, 5)) ") + kind + "); INSERT INTO g VALUES ('day 2020-01-01'), ('day 2099-01-01')");
        const auto outcome = must(clean_up(connection, {{.table = "g", .column = "day", .older_than_s = 86'400, .where = ""}}, now, {}));
        EXPECT_EQ(outcome.rules[0].deleted, 1u) << kind;
        EXPECT_EQ(must(connection.integer("SELECT count(*) FROM g WHERE day = '2099-01-01'")), 1);
    }
}

TEST_F(CleanUpTest, CascadesAndTriggersAreCountedAsTheTablesTell) {
    auto connection = open("INSERT INTO s VALUES (1, '2020-01-01', 'x'), (2, '2099-01-01', 'x'); INSERT INTO e(s) VALUES (1), (1), (2); INSERT INTO t(s) VALUES (1), (2)");
    const auto outcome = must(clean_up(connection, {rule()}, now, {}));
    EXPECT_EQ(outcome.changes, (std::vector<sqlite::TableChanges>{{"e", 0, 0, 2}, {"log", 2, 0, 0}, {"s", 0, 0, 1}, {"t", 0, 1, 0}}));
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM e")), 1);
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t WHERE s IS NULL")), 1);
}

TEST_F(CleanUpTest, AConditionNarrowsAndCannotWiden) {
    const std::string rows = "INSERT INTO s VALUES (1, '2020-01-01', 'running'), (2, '2020-01-01', 'done'), (3, '2099-01-01', 'done')";
    auto connection = open(rows);
    EXPECT_EQ(must(clean_up(connection, {rule("kind <> 'running' -- a comment")}, now, {})).rules[0].deleted, 1u);
    for (const auto* where : {"1) OR (1", "1 THEN 1 END, CASE WHEN 1", "kind = ", "kind = ?", "1; DELETE FROM s", "missing_function(kind)", "1 /* open"}) {
        auto fresh = open(rows);
        EXPECT_THAT(clean_up(fresh, {rule(where)}, now, {}), FailsWith(ErrorCode::invalid)) << where;
        EXPECT_EQ(must(fresh.integer("SELECT count(*) FROM s")), 3) << where;
    }
}

TEST_F(CleanUpTest, RulesThatNameNothingAreRefused) {
    auto connection = open("CREATE VIEW v AS SELECT * FROM s");
    EXPECT_THAT(clean_up(connection, {{.table = "none", .column = "at", .older_than_s = 1}}, now, {}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(clean_up(connection, {{.table = "v", .column = "at", .older_than_s = 1}}, now, {}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(clean_up(connection, {{.table = "s", .column = "when", .older_than_s = 1}}, now, {}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(clean_up(connection, {{.table = "s", .column = "at", .older_than_s = 0}}, now, {}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(clean_up(connection, {{.table = "s\"; DROP TABLE e; --", .column = "at", .older_than_s = 1}}, now, {}), FailsWith(ErrorCode::invalid));
}

TEST_F(CleanUpTest, ReferencesThatHoldARowOrWouldBreakAreErrors) {
    auto held = open("CREATE TABLE strict_child(s REFERENCES s); INSERT INTO s VALUES (1, '2020-01-01', 'x'); INSERT INTO strict_child VALUES (1)");
    const auto refused = clean_up(held, {rule()}, now, {});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr("add a rule"));
    // Broken before, and left alone: no reason to refuse.
    auto connection = must(sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create}));
    must(connection.execute(schema + "PRAGMA foreign_keys = OFF; INSERT INTO e(s) VALUES (77); INSERT INTO s VALUES (1, '2020-01-01', 'x'); PRAGMA foreign_keys = ON; BEGIN"));
    EXPECT_THAT(clean_up(connection, {rule()}, now, {}), Succeeds());
    EXPECT_EQ(must(broken_references(connection, {})).size(), 1u);
    // A deferred key is not looked at until the commit, and is found before it.
    auto deferred = open("CREATE TABLE d(s REFERENCES s DEFERRABLE INITIALLY DEFERRED); INSERT INTO s VALUES (1, '2020-01-01', 'x'); INSERT INTO d VALUES (1)");
    const auto broken = clean_up(deferred, {rule()}, now, {});
    ASSERT_THAT(broken, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(broken.error().message(), HasSubstr("1 references"));
}

// --- vacuum, content, statistics ---

class VacuumTest : public ::testing::Test {
protected:
    const TemporaryFolder folder_;
    const Bytes database_ = database_bytes(
        "PRAGMA user_version = 7; CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT, v); CREATE INDEX av ON a(v); CREATE TABLE w(k TEXT PRIMARY KEY, v) WITHOUT ROWID;"
        "CREATE VIRTUAL TABLE f USING fts5(b); INSERT INTO f VALUES ('one two');"
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 2000) INSERT INTO a(v) SELECT randomblob(300) FROM c;"
        "INSERT INTO w VALUES ('x', 1.5), ('y', NULL); DELETE FROM a WHERE id % 3 <> 0; ANALYZE");
    const std::unique_ptr<sqlite::Image> image_ = image_of(database_);

    Bytes changed(const std::string& sql) {
        write_file(folder_ / "changed.db", database_);
        auto connection = must(sqlite::Connection::open(folder_ / "changed.db", {.mode = sqlite::OpenMode::read_write}));
        must(connection.execute(sql));
        return serialized(connection);
    }
};

TEST_F(VacuumTest, IntoASmallerFileWithTheSameContent) {
    const std::string file = folder_ / "smaller ?#%.db";
    ASSERT_THAT(vacuum_into(*image_, file, {}), Succeeds());
    const auto smaller = file_bytes(file);
    EXPECT_LT(smaller.size(), database_.size() * 2 / 3);
    EXPECT_TRUE(must(have_same_content(*image_, *image_of(smaller), {})));
    EXPECT_THAT(vacuum_into(*image_, file, {}), ::testing::Not(Succeeds()));  // never over a file
    EXPECT_EQ(footprint(folder_.path()).size(), 1u);
}

TEST_F(VacuumTest, EveryDifferenceIsSeen) {
    for (const auto* sql : {"UPDATE a SET v = 1 WHERE id = 3", "UPDATE a SET v = CAST(v AS TEXT) WHERE id = 3", "DELETE FROM w WHERE k = 'y'", "UPDATE w SET v = '1.5' WHERE k = 'x'",
                            "PRAGMA user_version = 8", "DROP INDEX av", "INSERT INTO f VALUES ('three')", "UPDATE sqlite_sequence SET seq = 5000", "UPDATE w SET v = 0 WHERE k = 'y'"}) {
        EXPECT_FALSE(must(have_same_content(*image_, *image_of(changed(sql)), {}))) << sql;
    }
    EXPECT_TRUE(must(have_same_content(*image_, *image_of(changed("VACUUM")), {})));
    EXPECT_TRUE(must(have_same_content(*image_, *image_of(changed("REINDEX")), {})));
}

TEST_F(VacuumTest, RoomIsCountedOnOneDiskTogether) {
    write_file(folder_ / "app.db", database_);
    const auto room = must(room_for_vacuum(host::real_host(), folder_ / "app.db", *image_, folder_.path()));
    const auto free_pages = must(statistics_of(*image_, {})).free_pages;
    EXPECT_EQ(room.bytes_after, database_.size() - free_pages * 4096);
    EXPECT_GE(room.beside_needed, database_.size());
    EXPECT_EQ(room.is_enough, room.beside_free >= room.beside_needed + room.temporary_needed);
}

TEST_F(VacuumTest, StatisticsAreSqlitesOwn) {
    const auto found = must(statistics_of(*image_, {}));
    write_file(folder_ / "app.db", database_);
    auto connection = must(sqlite::Connection::open(folder_ / "app.db", {.mode = sqlite::OpenMode::read_write}));
    EXPECT_EQ(found.pages, static_cast<std::uint64_t>(must(connection.integer("PRAGMA page_count"))));
    EXPECT_EQ(found.free_pages, static_cast<std::uint64_t>(must(connection.integer("PRAGMA freelist_count"))));
    EXPECT_EQ(found.user_version, 7);
    std::uint64_t bytes = 0;
    for (const auto& table : found.tables) bytes += table.bytes;
    EXPECT_EQ(bytes, (found.pages - found.free_pages) * 4096);
    EXPECT_EQ(found.tables[0].table, "a");
    EXPECT_EQ(found.tables[0].rows, 666u);
    EXPECT_EQ(found.tables[0].bytes, static_cast<std::uint64_t>(must(connection.integer("SELECT sum(pgsize) FROM dbstat WHERE name IN ('a', 'av')"))));
}

TEST_F(VacuumTest, AScratchCopyIsTheDatabaseAndGoes) {
    const std::string path = folder_ / "app.db";
    write_file(path, database_);
    ::setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    const auto before = footprint(folder_.path()).at("app.db");
    {
        const auto copy = must(ScratchCopy::of(host::real_host(), path, {}, {}));
        auto connection = must(copy.connect());
        EXPECT_EQ(must(connection.integer("SELECT count(*) FROM a")), 666);
        must(connection.execute("DELETE FROM a; COMMIT"));
    }
    EXPECT_EQ(footprint(folder_.path()).at("app.db"), before);
    EXPECT_TRUE(std::filesystem::is_empty(folder_ / "cache/holdfast/frozen"));
}

}  // namespace
}  // namespace holdfast::live

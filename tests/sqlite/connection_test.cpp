#include "holdfast/sqlite/connection.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/database_files.h"
#include "support/database_process.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using ::testing::HasSubstr;

Connection in_memory() { return must(Connection::open(":memory:", {.mode = OpenMode::create})); }

TEST(ConnectionTest, TakesEveryPathAsAPath) {
    const TemporaryFolder folder;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    for (const std::string name : {"with space.db", "it's \"quoted\".db", "Größe-ж-日.db", "a?mode=memory.db", "50%20.db",
                                    "a#b.db", "file:x.db", "tab\there.db", "-dash.db", "\xff\xfe.db"}) {
        for (const std::string& path : {name, folder / name, "/" + (folder / name)}) {
            auto connection = must(Connection::open(path, {.mode = OpenMode::create}));
            EXPECT_THAT(connection.execute("CREATE TABLE IF NOT EXISTS t(x)"), Succeeds());
            EXPECT_TRUE(std::filesystem::exists(folder / name)) << path;
        }
    }
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 10);
    std::filesystem::current_path(before);
}

TEST(ConnectionTest, FailsByWhatIsWrong) {
    const TemporaryFolder folder;
    EXPECT_THAT(Connection::open(folder / "none.db"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(Connection::open(folder / "no/such/folder.db", {.mode = OpenMode::create}),
                FailsWith(ErrorCode::not_found));
    EXPECT_THAT(Connection::open(""), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(Connection::open(std::string("a\0b", 3)), FailsWith(ErrorCode::invalid));
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    tests::write_file(folder / "text.db", bytes_of("this is no database, and it is longer than one header is"
                                                   "this is no database, and it is longer than one header is"));
    auto text = must(Connection::open(folder / "text.db"));
    EXPECT_THAT(text.integer("SELECT count(*) FROM sqlite_schema"), FailsWith(ErrorCode::corrupt));
    auto connection = in_memory();
    EXPECT_THAT(connection.execute("nonsense"), FailsWith(ErrorCode::invalid));
    must(connection.execute("PRAGMA query_only=1"));
    EXPECT_THAT(connection.execute("CREATE TABLE t(x)"), FailsWith(ErrorCode::denied));
}

TEST(ConnectionTest, WaitsForALockAndThenSaysBusy) {
    const TemporaryFolder folder;
    tests::DatabaseProcess other(folder / "a.db");
    other.run("CREATE TABLE t(x); BEGIN EXCLUSIVE");
    auto connection = must(Connection::open(folder / "a.db", {.busy_timeout_ms = 10}));
    const auto count = connection.integer("SELECT count(*) FROM t");
    ASSERT_THAT(count, FailsWith(ErrorCode::busy));
    EXPECT_THAT(count.error().message(), HasSubstr("locked"));
    other.run("COMMIT");
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 0);
}

TEST(ConnectionTest, AHostileSchemaCannotReachOut) {
    auto connection = in_memory();
    EXPECT_THAT(connection.text("SELECT load_extension('x')"), FailsWith(ErrorCode::invalid));
    must(connection.execute("CREATE TABLE t(x); PRAGMA writable_schema=1"));
    EXPECT_FALSE(connection.execute("UPDATE sqlite_schema SET sql='x'").ok());
    must(connection.execute("CREATE VIEW v AS SELECT fts3_tokenizer('simple')"));
    EXPECT_FALSE(connection.text("SELECT * FROM v").ok());
}

// SQLite would call the tokenizer at that address as soon as a table uses it.
TEST(ConnectionTest, NoBytesAreTakenForAnAddress) {
    auto connection = in_memory();
    EXPECT_FALSE(connection.execute("SELECT fts3_tokenizer('simple', x'4141414141414141')").ok());
    EXPECT_THAT(connection.execute("CREATE VIRTUAL TABLE f USING fts4(a); INSERT INTO f VALUES ('x y')"), Succeeds());
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM f WHERE f MATCH 'y'")), 1);
}

TEST(ConnectionTest, KeepWalLeavesTheWalOfALastClose) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.db";
    for (const bool keep : {true, false}) {
        {
            auto connection = must(Connection::open(path, {.mode = OpenMode::create, .keep_wal = keep}));
            must(connection.execute("PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES(1)"));
        }
        EXPECT_EQ(std::filesystem::exists(path + "-wal"), keep);
    }
}

TEST(StatementTest, BindsStepsAndReads) {
    auto connection = in_memory();
    must(connection.execute("CREATE TABLE t(n INTEGER, s TEXT, b BLOB)"));
    auto insert = must(connection.prepare("INSERT INTO t VALUES (?, ?, ?)"));
    must(insert.bind(1, std::int64_t{-1} << 40));
    must(insert.bind(2, std::string_view("a\0b", 3)));
    must(insert.bind(3, ByteView(bytes_of("\x01\xff"))));
    EXPECT_FALSE(must(insert.step()));
    insert.reset();
    must(insert.bind(2, std::string_view()));
    must(insert.bind(3, ByteView()));
    EXPECT_FALSE(must(insert.step()));
    insert.reset();
    EXPECT_THAT(insert.bind(9, std::int64_t{1}), FailsWith(ErrorCode::invalid));

    auto select = must(connection.prepare("SELECT n, s, b, NULL FROM t ORDER BY rowid"));
    EXPECT_EQ(select.column_count(), 4);
    ASSERT_TRUE(must(select.step()));
    EXPECT_EQ(select.column_integer(0), std::int64_t{-1} << 40);
    EXPECT_EQ(select.column_text(1), std::string("a\0b", 3));
    EXPECT_EQ(select.column_bytes(2), copy_of(bytes_of("\x01\xff")));
    EXPECT_TRUE(select.column_is_null(3));
    ASSERT_TRUE(must(select.step()));
    EXPECT_EQ(select.column_text(1), "");
    EXPECT_FALSE(select.column_is_null(1));
    EXPECT_TRUE(select.column_bytes(2).empty());
    EXPECT_FALSE(must(select.step()));
}

TEST(StatementTest, IsExactlyOne) {
    auto connection = in_memory();
    EXPECT_THAT(connection.prepare(""), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(connection.prepare("-- nothing"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(connection.prepare("SELECT 1; SELECT 2"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(connection.prepare("SELECT 1; -- and no more"), Succeeds());
    EXPECT_THAT(connection.integer("SELECT 1 WHERE 0"), FailsWith(ErrorCode::not_found));
}

TEST(StatementTest, OutlivesItsConnection) {
    auto statement = [] {
        auto connection = in_memory();
        return must(connection.prepare("SELECT 42"));
    }();
    ASSERT_TRUE(must(statement.step()));
    EXPECT_EQ(statement.column_integer(0), 42);
}

TEST(SchemaHashTest, ChangesWithTheSchemaAndNothingElse) {
    auto connection = in_memory();
    must(connection.execute("CREATE TABLE t(x)"));
    const auto first = must(schema_hash(connection));
    EXPECT_EQ(first.size(), 64u);
    must(connection.execute("INSERT INTO t VALUES (1); VACUUM"));
    EXPECT_EQ(must(schema_hash(connection)), first);
    must(connection.execute("CREATE INDEX i ON t(x)"));
    const auto second = must(schema_hash(connection));
    EXPECT_NE(second, first);
    must(connection.execute("DROP INDEX i"));
    EXPECT_EQ(must(schema_hash(connection)), first);
}

TEST(SchemaHashTest, IsTheSameInEveryEncoding) {
    auto utf8 = in_memory(), utf16 = in_memory();
    must(utf16.execute("PRAGMA encoding='UTF-16'"));
    for (auto* connection : {&utf8, &utf16}) must(connection->execute("CREATE TABLE größe(x, y)"));
    EXPECT_EQ(must(schema_hash(utf8)), must(schema_hash(utf16)));
}

}  // namespace
}  // namespace holdfast::sqlite

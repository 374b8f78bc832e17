#include "holdfast/sqlite/empty_copy.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "holdfast/sqlite/serve_image.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {
namespace {

using tests::FailsWith;
using tests::must;

const std::string shape = "SELECT group_concat(type || '|' || name || '|' || tbl_name || '|' || coalesce(sql, ''), char(10)) FROM sqlite_schema";

class EmptyCopy : public ::testing::Test {
protected:
    // The image of a database that the SQL makes; the file is closed.
    std::unique_ptr<Image> image_of(const std::string& sql) {
        const std::string path = root / format("{}.db", ++count_);
        {
            auto connection = must(Connection::open(path, {.mode = OpenMode::create}));
            sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_DEFENSIVE, 0, nullptr);  // so that a schema can be edited by hand
            must(connection.execute(sql));
        }
        const Bytes bytes = tests::file_bytes(path);
        const std::uint32_t stored = std::to_integer<std::uint32_t>(bytes[16]) << 8 | std::to_integer<std::uint32_t>(bytes[17]);
        return memory_image(must(PageSize::from_stored(stored)), {bytes.begin(), bytes.end()});
    }
    tests::TemporaryFolder root;

private:
    int count_ = 0;
};

std::string answer(const Image& image, const std::string& sql) {
    const auto served = must(serve_image(image));
    auto connection = must(served->connect());
    return must(connection.text(sql));
}

TEST_F(EmptyCopy, HasTheSchemaInItsOrderAndNoRow) {
    const auto original = image_of("PRAGMA page_size = 1024; PRAGMA auto_vacuum = FULL; PRAGMA encoding = 'UTF-16be'; PRAGMA user_version = 6; PRAGMA application_id = 1234;"
                                   "CREATE VIEW v AS SELECT * FROM b; CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT, t TEXT UNIQUE); CREATE INDEX i ON a(t) WHERE t <> ';';"
                                   "CREATE TABLE \"odd \"\" name\"(x REFERENCES a, y AS (x + 1)); CREATE TRIGGER r AFTER INSERT ON a BEGIN DELETE FROM b; END;"
                                   "CREATE TABLE b(y); CREATE VIRTUAL TABLE f USING fts5(body); CREATE VIRTUAL TABLE g USING rtree(id, x0, x1);"
                                   "INSERT INTO a(t) VALUES ('row'); INSERT INTO f VALUES ('word'); INSERT INTO g VALUES (1, 0, 1);");
    const auto copy = must(empty_copy(*original));
    EXPECT_EQ(answer(*copy, shape), answer(*original, shape));
    for (const char* pragma : {"page_size", "auto_vacuum", "encoding", "user_version", "application_id"}) {
        EXPECT_EQ(answer(*copy, format("PRAGMA {}", pragma)), answer(*original, format("PRAGMA {}", pragma))) << pragma;
    }
    for (const char* table : {"a", "b", "f", "g", "\"odd \"\" name\"", "sqlite_sequence"}) EXPECT_EQ(answer(*copy, format("SELECT count(*) FROM {}", table)), "0") << table;
    EXPECT_EQ(answer(*copy, "PRAGMA integrity_check"), "ok");
}

TEST_F(EmptyCopy, IsWithoutStatisticsAndKeepsTheJournalMode) {
    const auto original = image_of("PRAGMA journal_mode = WAL; CREATE TABLE a(t); CREATE INDEX i ON a(t); INSERT INTO a VALUES (1); ANALYZE;");
    const auto copy = must(empty_copy(*original));
    EXPECT_EQ(answer(*copy, "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'sqlite_stat%'"), "0");
    std::vector<std::byte> page(copy->page_size().bytes());
    must(copy->read({PageNumber{1}, 1}, page));
    EXPECT_EQ(page[18], std::byte{2});
    EXPECT_EQ(page[19], std::byte{2});
}

TEST_F(EmptyCopy, OfADatabaseWithoutTablesIsADatabase) {
    const auto copy = must(empty_copy(*image_of("PRAGMA user_version = 3; CREATE TABLE a(t); DROP TABLE a;")));
    EXPECT_GT(copy->last_page().value, 0u);
    EXPECT_EQ(answer(*copy, "PRAGMA user_version"), "3");
    EXPECT_EQ(answer(*copy, "PRAGMA integrity_check"), "ok");
    EXPECT_THAT(empty_copy(*memory_image(must(PageSize::from_bytes(4096)), {})), FailsWith(ErrorCode::invalid));
}

TEST_F(EmptyCopy, OfASchemaThatItsOwnSqlDoesNotMakeIsRefused) {
    EXPECT_THAT(empty_copy(*image_of("CREATE TABLE t(a); PRAGMA writable_schema = ON; INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING vec0(e)');")),
                FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(empty_copy(*image_of("CREATE TABLE t(a); CREATE TABLE u(a); PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE w(a)' WHERE name = 'u';")),
                FailsWith(ErrorCode::corrupt));
}

}  // namespace
}  // namespace holdfast::sqlite

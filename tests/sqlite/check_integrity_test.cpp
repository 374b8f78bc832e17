#include <gtest/gtest.h>
#include <sqlite3.h>

#include "holdfast/sqlite/connection.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using Verdict = CheckOutcome::Verdict;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class CheckIntegrityTest : public ::testing::Test {
protected:
    CheckOutcome check(CheckDepth depth) {
        auto connection = must(Connection::open(path_));
        return must(check_integrity(connection, depth));
    }
    // Some application's database; its own functions and collations exist in that application only.
    void build(const std::string& sql) {
        auto connection = must(Connection::open(path_, {.mode = OpenMode::create}));
        sqlite3* handle = connection.handle();
        sqlite3_create_function(handle, "own_function", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, nullptr,
                                [](sqlite3_context* context, int, sqlite3_value** values) {
                                    sqlite3_result_value(context, values[0]);
                                },
                                nullptr, nullptr);
        sqlite3_create_collation(handle, "own_collation", SQLITE_UTF8, nullptr,
                                 [](void*, int, const void*, int, const void*) { return 0; });
        must(connection.execute(sql));
    }
    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "a.db";
};

TEST_F(CheckIntegrityTest, FindsNothingInAGoodDatabase) {
    build("CREATE TABLE t(x UNIQUE); INSERT INTO t VALUES (1), (2)");
    for (const auto depth : {CheckDepth::quick, CheckDepth::full}) {
        const auto outcome = check(depth);
        EXPECT_EQ(outcome.verdict, Verdict::ok);
        EXPECT_THAT(outcome.findings, IsEmpty());
    }
}

TEST_F(CheckIntegrityTest, OnlyTheFullOneComparesIndexes) {
    build("CREATE TABLE t(x); CREATE INDEX i ON t(x); INSERT INTO t VALUES (7777), (8888)");
    Bytes bytes = tests::file_bytes(path_);
    // The second page is the table, the third one the index: change a number in the index only.
    const std::string number = "\x1e\x61";  // 7777
    const auto at = text_of(bytes).find(number, 2 * 4096);
    ASSERT_NE(at, std::string::npos);
    bytes[at + 1] = std::byte{0x62};
    tests::write_file(path_, bytes);
    EXPECT_EQ(check(CheckDepth::quick).verdict, Verdict::ok);
    const auto full = check(CheckDepth::full);
    EXPECT_EQ(full.verdict, Verdict::damaged);
    EXPECT_THAT(full.findings, Contains(HasSubstr("missing from index i")));
}

TEST_F(CheckIntegrityTest, TellsAtMost20Findings) {
    build("CREATE TABLE t(x); CREATE INDEX i ON t(x); "
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<20000) INSERT INTO t SELECT i FROM n");
    Bytes bytes = tests::file_bytes(path_);
    for (std::size_t page = 5; page < bytes.size() / 4096; page += 2) {
        for (std::size_t i = 0; i < 4096; ++i) bytes[page * 4096 + i] = std::byte{0xff};
    }
    tests::write_file(path_, bytes);
    for (const auto depth : {CheckDepth::quick, CheckDepth::full}) {
        const auto outcome = check(depth);
        EXPECT_EQ(outcome.verdict, Verdict::damaged);
        EXPECT_EQ(outcome.findings.size(), 20u);
    }
}

TEST_F(CheckIntegrityTest, ATruncatedFileIsDamaged) {
    build("CREATE TABLE t(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<9) "
          "INSERT INTO t SELECT zeroblob(4000) FROM n");
    Bytes bytes = tests::file_bytes(path_);
    bytes.resize(bytes.size() - 2 * 4096);
    tests::write_file(path_, bytes);
    EXPECT_EQ(check(CheckDepth::quick).verdict, Verdict::damaged);
}

TEST_F(CheckIntegrityTest, ADamagedSchemaIsDamaged) {
    build("CREATE TABLE some_table(x)");
    Bytes bytes = tests::file_bytes(path_);
    const auto at = text_of(bytes).find("CREATE TABLE");
    bytes[at] = std::byte{'X'};
    tests::write_file(path_, bytes);
    EXPECT_EQ(check(CheckDepth::quick).verdict, Verdict::damaged);
    bytes[0] = std::byte{'X'};
    tests::write_file(path_, bytes);
    EXPECT_EQ(check(CheckDepth::quick).verdict, Verdict::damaged);
}

TEST_F(CheckIntegrityTest, AMissingCollationIsNoDamage) {
    build("CREATE TABLE t(x COLLATE own_collation); CREATE INDEX i ON t(x); INSERT INTO t VALUES ('a'), ('b')");
    for (const auto depth : {CheckDepth::quick, CheckDepth::full}) {
        const auto outcome = check(depth);
        EXPECT_EQ(outcome.verdict, Verdict::could_not);
        EXPECT_THAT(outcome.findings, Contains(HasSubstr("own_collation")));
    }
}

TEST_F(CheckIntegrityTest, AMissingFunctionIsNoDamage) {
    build("CREATE TABLE t(x); INSERT INTO t VALUES ('a'); CREATE INDEX i ON t(own_function(x))");
    const auto outcome = check(CheckDepth::full);
    EXPECT_EQ(outcome.verdict, Verdict::could_not);
    EXPECT_THAT(outcome.findings, Contains(HasSubstr("own_function")));
}

TEST_F(CheckIntegrityTest, StopsWhenAsked) {
    build("CREATE TABLE t(x); CREATE INDEX i ON t(x); "
          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<20000) INSERT INTO t SELECT i FROM n");
    auto connection = must(Connection::open(path_));
    std::stop_source stop;
    const Watch watch{.stop = stop.get_token()};
    EXPECT_EQ(must(check_integrity(connection, CheckDepth::full, watch)).verdict, Verdict::ok);
    stop.request_stop();
    EXPECT_THAT(check_integrity(connection, CheckDepth::full, watch), FailsWith(ErrorCode::cancelled));
}

}  // namespace
}  // namespace holdfast::sqlite

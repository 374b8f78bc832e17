#include "holdfast/sqlite/ask_image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/images.h"
#include "support/results.h"

namespace holdfast::sqlite {
namespace {

using ::testing::HasSubstr;
using tests::FailsWith;
using tests::must;

Result<Answer> ask(const Bytes& database, const std::string& sql, AnswerLimits limits = {}) {
    const auto image = tests::image_of(database);
    return ask_image(*image, sql, {}, limits);
}

const std::string some_rows = "CREATE TABLE t(a, b); INSERT INTO t VALUES (17, 'x'), (NULL, 'it''s')";

TEST(Asking, TheFirstValueOfTheFirstRowIsTheAnswer) {
    const Bytes database = tests::database_bytes(some_rows);
    EXPECT_EQ(must(ask(database, "SELECT max(a) FROM t")).text, "17");
    EXPECT_EQ(must(ask(database, "SELECT b FROM t ORDER BY rowid DESC")).text, "it's");
    EXPECT_TRUE(must(ask(database, "SELECT a FROM t ORDER BY rowid DESC")).is_null);
    EXPECT_FALSE(must(ask(database, "SELECT a FROM t WHERE 0")).is_row);
    EXPECT_EQ(must(ask(database, "PRAGMA user_version")).text, "0");
}

TEST(Asking, WhatDoesNotOnlyReadIsRefused) {
    const Bytes database = tests::database_bytes(some_rows);
    for (const char* sql : {"DELETE FROM t", "INSERT INTO t VALUES (1, 2) RETURNING a", "PRAGMA user_version = 5", "CREATE TEMP TABLE x(a)", "WITH x AS (SELECT 1) UPDATE t SET a = 0", "VACUUM", "EXPLAIN DELETE FROM t",
                            "PRAGMA user_version = 5; SELECT 1", "SELECT 1; SELECT 2",
                            "ATTACH '/etc/passwd' AS x", "SELECT load_extension('x')", "SELECT nonsense FROM t", ""}) {
        EXPECT_FALSE(ask(database, sql).ok()) << sql;
    }
    EXPECT_EQ(database, tests::database_bytes(some_rows)) << "and nothing of it is there";
}

TEST(Asking, AnEndlessQuestionIsStopped) {
    const Bytes database = tests::database_bytes(some_rows);
    const std::string endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    EXPECT_THAT(ask(database, endless, {.steps_max = 1'000'000}), FailsWith(ErrorCode::busy));
    const auto late = ask(database, endless, {.clock = &host::system_clock(), .time_ms_max = 50});
    ASSERT_THAT(late, FailsWith(ErrorCode::busy));
    EXPECT_THAT(late.error().message(), HasSubstr("could not be answered in 50"));
    std::stop_source stop;
    stop.request_stop();
    const auto image = tests::image_of(database);
    EXPECT_THAT(ask_image(*image, endless, {.stop = stop.get_token()}), FailsWith(ErrorCode::cancelled));
}

TEST(Asking, DamageIsNoAnswer) {
    Bytes database = tests::database_bytes(tests::rows_sql("kind", 2000));
    for (std::size_t at = 4096; at < database.size(); ++at) database[at] = std::byte{0x5A};
    EXPECT_THAT(ask(database, "SELECT count(kind || b) FROM t"), FailsWith(ErrorCode::corrupt));
}

TEST(AskingForAColumn, EveryRowAnswers) {
    const Bytes database = tests::database_bytes("CREATE TABLE t(a INTEGER, b TEXT); INSERT INTO t VALUES (1, '1'), (2, 'x'), (3, '01')");
    const auto image = tests::image_of(database);
    const auto column = [&](const std::string& sql, std::optional<std::string> name = {}) { return must(ask_column(*image, {.sql = sql, .name = std::move(name)}, {})); };
    EXPECT_EQ(column("SELECT a FROM t ORDER BY a"), (std::vector<SqlValue>{std::int64_t{1}, std::int64_t{2}, std::int64_t{3}}));
    EXPECT_TRUE(column("SELECT a FROM t WHERE 0").empty());
    EXPECT_EQ(column("SELECT b FROM t WHERE a = :name", "2"), (std::vector<SqlValue>{std::string("x")}));
    EXPECT_EQ(column("SELECT a FROM t WHERE b = :name", "1"), (std::vector<SqlValue>{std::int64_t{1}})) << "a number is compared with a text as text";
    EXPECT_EQ(column("SELECT a FROM t WHERE b = :name", "01"), (std::vector<SqlValue>{std::int64_t{3}})) << "this is none";
    EXPECT_EQ(column("SELECT typeof(:name)", "7"), (std::vector<SqlValue>{std::string("integer")}));
}

TEST(AskingForAColumn, WhatHasNoValueIsRefused) {
    const auto image = tests::image_of(tests::database_bytes(some_rows));
    for (const char* sql : {"SELECT a FROM t WHERE a = :other", "SELECT a FROM t WHERE a = ?", "DELETE FROM t"}) {
        EXPECT_THAT(ask_column(*image, {.sql = sql, .name = "1"}, {}), FailsWith(ErrorCode::invalid)) << sql;
    }
    EXPECT_THAT(ask_column(*image, {.sql = "SELECT :name"}, {}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(ask_column(*image, {.sql = "SELECT b FROM t", .name = {}, .rows_max = 1}, {}), FailsWith(ErrorCode::busy));
}

}  // namespace
}  // namespace holdfast::sqlite

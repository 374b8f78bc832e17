#include "holdfast/sqlite/expect_query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast::sqlite {
namespace {

using ::testing::HasSubstr;
using tests::FailsWith;
using tests::Succeeds;

// Nothing that they name is here.
TEST(Questions, NeedNoDatabaseToBeKnown) {
    for (const char* sql : {"SELECT count(*) > 0 FROM sessions", "select 1", "VALUES (1)", "WITH t AS (SELECT * FROM x) SELECT count(*) FROM t", "SELECT max(version) FROM schema_version;",
                            "SELECT own_function(a) FROM b -- a remark", "/* one */ SELECT 1; -- two", "PRAGMA user_version", "pragma integrity_check;", "SELECT replace(a, 'x', 'y') FROM t",
                            "WITH replace AS (SELECT 1) SELECT * FROM replace", "SELECT 'DELETE FROM t' <> ''", "SELECT a.b FROM pragma_table_info('t') a"}) {
        EXPECT_THAT(expect_query(sql), Succeeds()) << sql;
    }
}

TEST(Questions, AreNotWhatWritesOrSaysNothing) {
    for (const char* sql : {"DELETE FROM sessions", "delete from sessions where 1 returning 1", "WITH t AS (SELECT 1) DELETE FROM sessions", "UPDATE t SET a = 1", "INSERT INTO t VALUES (1)",
                            "REPLACE INTO t VALUES (1)", "DROP TABLE t", "CREATE TABLE t(a)", "CREATE TEMP TABLE t AS SELECT 1", "PRAGMA user_version = 5", "PRAGMA journal_mode = DELETE",
                            "VACUUM", "BEGIN", "COMMIT", "ATTACH 'x' AS y", "DETACH y", "REINDEX", "ANALYZE", "EXPLAIN SELECT 1", "SELECT 1; DELETE FROM t", "SELECT a FROM t; SELECT 2",
                            "SELEC 1", "SELECT", "SELECT (1", "SELECT 1)", "", "  ", "-- nothing", "SELECT ?1", "PRAGMA user_version; DELETE FROM t"}) {
        EXPECT_THAT(expect_query(sql), FailsWith(ErrorCode::invalid)) << sql;
    }
    EXPECT_THAT(expect_query("DELETE FROM t").error().message(), HasSubstr("near \"DELETE\""));
}

}  // namespace
}  // namespace holdfast::sqlite

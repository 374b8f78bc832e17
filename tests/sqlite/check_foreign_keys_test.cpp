#include "holdfast/sqlite/check_foreign_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/results.h"

namespace holdfast::sqlite {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tests::must;

Connection made_by(const std::string& sql) {
    auto connection = must(Connection::open(":memory:", {.mode = OpenMode::create}));
    must(connection.execute(sql));
    return connection;
}

TEST(ForeignKeys, RowsWithoutParentsAreCountedByTable) {
    auto connection = made_by("PRAGMA foreign_keys = OFF; CREATE TABLE sessions(id TEXT PRIMARY KEY);"
                              "CREATE TABLE events(session TEXT REFERENCES sessions); CREATE TABLE runs(session TEXT REFERENCES sessions);"
                              "INSERT INTO sessions VALUES ('a'); INSERT INTO events VALUES ('a'), ('b'), ('c'), (NULL); INSERT INTO runs VALUES ('x')");
    const auto found = must(check_foreign_keys(connection));
    EXPECT_EQ(found.rows, 3u);
    EXPECT_THAT(found.findings, ElementsAre("2 rows of events without a row in sessions", "1 row of runs without a row in sessions"));
}

TEST(ForeignKeys, NothingIsFoundWhereAllIsWell) {
    auto connection = made_by("CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p); INSERT INTO p VALUES (1); INSERT INTO c VALUES (1)");
    EXPECT_THAT(must(check_foreign_keys(connection)).findings, IsEmpty());
}

TEST(ForeignKeys, AKeyThatCannotMatchIsAFinding) {
    auto connection = made_by("PRAGMA foreign_keys = OFF; CREATE TABLE p(a, b); CREATE TABLE c(x REFERENCES p(b)); INSERT INTO c VALUES (1)");
    EXPECT_THAT(must(check_foreign_keys(connection)).findings, ElementsAre(HasSubstr("mismatch")));
}

}  // namespace
}  // namespace holdfast::sqlite

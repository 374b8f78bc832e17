#include "holdfast/live/statements.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>

#include "holdfast/live/freeze.h"
#include "holdfast/sqlite/serve_image.h"
#include "live/statement_list.h"
#include "support/database_files.h"
#include "support/images.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;
using namespace tests_of_statements;
using ::testing::HasSubstr;

namespace fs = std::filesystem;

class StatementsTest : public ::testing::Test {
protected:
    StatementsTest() {
        sqlite3* db = nullptr;
        sqlite3_open(original_.c_str(), &db);
        EXPECT_EQ(sqlite3_exec(db, schema_sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
        sqlite3_close(db);
    }
    // What SQLite by itself makes of it, in a fresh copy: the bytes of the file afterwards.
    std::string bytes_after(const std::string& sql) const {
        const std::string copy = folder_ / "copy.db";
        fs::copy_file(original_, copy, fs::copy_options::overwrite_existing);
        sqlite3* db = nullptr;
        sqlite3_open(copy.c_str(), &db);
        EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sql << ": " << sqlite3_errmsg(db);
        sqlite3_close(db);
        return std::string(text_of(file_bytes(copy)));
    }
    Result<StatementKind> kind_of(const std::string& sql) const {
        const auto image = tests::image_of(file_bytes(original_));
        const auto served = must(sqlite::serve_image(*image));
        auto connection = must(served->connect());
        auto reader = must(ScriptReader::begin(connection, sql));
        auto judged = TRY(reader.next());
        EXPECT_TRUE(judged.has_value()) << sql;
        if (judged->kind == StatementKind::is_refused) return refused(*judged);
        const auto kind = judged->kind;
        EXPECT_FALSE(must(reader.next()).has_value()) << sql;
        return kind;
    }
    Result<ScriptPlan> plan(const std::string& sql, const std::vector<Parameter>& parameters = {}) const {
        const auto image = tests::image_of(file_bytes(original_));
        const auto served = must(sqlite::serve_image(*image));
        auto connection = must(served->connect());
        return plan_script(connection, sql, parameters);
    }

    const TemporaryFolder folder_;
    const std::string original_ = folder_ / "original.db";
};

TEST_F(StatementsTest, TheClassIsWhatSqliteDoesToTheFile) {
    const std::string before(text_of(file_bytes(original_)));
    for (const auto& statement : listed) {
        const auto kind = kind_of(statement.sql);
        ASSERT_THAT(kind, Succeeds()) << statement.sql;
        EXPECT_EQ(name_of(*kind), name_of(statement.kind)) << statement.sql;
        // A mode that is no header's changes nothing that lies on the disk afterwards.
        if (statement.sql.find("journal_mode(truncate)") != std::string::npos) continue;
        EXPECT_EQ(bytes_after(statement.sql) != before, writes(*kind)) << statement.sql;
    }
}

TEST_F(StatementsTest, WhatMayFindNothingToDoCountsAsWriting) {
    for (const auto& statement : listed_without_effect) {
        const auto kind = kind_of(statement.sql);
        ASSERT_THAT(kind, Succeeds()) << statement.sql;
        EXPECT_EQ(name_of(*kind), name_of(statement.kind)) << statement.sql;
    }
}

TEST_F(StatementsTest, WhatIsRefusedSaysWhyAndWhatToDo) {
    for (const auto& statement : listed_as_refused) {
        const auto kind = kind_of(statement.sql);
        ASSERT_THAT(kind, FailsWith(ErrorCode::invalid)) << statement.sql;
        EXPECT_THAT(kind.error().text(), HasSubstr(statement.word)) << statement.sql;
        EXPECT_FALSE(kind.error().advice().empty()) << statement.sql;
    }
}

// --- scripts ---

TEST_F(StatementsTest, PlacesAreNumberLineAndStart) {
    const auto planned = plan("-- first\nSELECT 1;\n\n/* two\nlines */ SELECT\n   'it''s; one',\n   2 ;SELECT 3");
    ASSERT_THAT(planned, Succeeds());
    ASSERT_EQ(planned->statements.size(), 3u);
    EXPECT_EQ(in_words(planned->statements[0]), "statement 1 (line 2: SELECT 1)");
    EXPECT_EQ(in_words(planned->statements[1]), "statement 2 (line 5: SELECT 'it''s; one', 2)");
    EXPECT_EQ(in_words(planned->statements[2]), "statement 3 (line 7: SELECT 3)");
    EXPECT_FALSE(planned->writes);
}

TEST_F(StatementsTest, TriggersWithSemicolonsAreOneStatement) {
    const auto planned = plan("CREATE TRIGGER t1 AFTER INSERT ON log BEGIN DELETE FROM log; SELECT 1; END; SELECT 1");
    ASSERT_THAT(planned, Succeeds());
    EXPECT_EQ(planned->statements.size(), 2u);
    EXPECT_TRUE(planned->writes);
}

TEST_F(StatementsTest, AFailureIsFoundBeforeAnythingRuns) {
    const auto planned = plan("DELETE FROM log;\n DELET FROM parents");
    ASSERT_THAT(planned, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(planned.error().message(), HasSubstr("statement 2 (line 2: DELET FROM parents)"));
    EXPECT_THAT(planned.error().message(), HasSubstr("syntax error"));
    EXPECT_THAT(plan("SELECT * FROM missing"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(plan("DELETE FROM log; BEGIN; DELETE FROM parents; COMMIT"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(plan(" \n;"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(plan(" -- nothing\n"), Succeeds());
    EXPECT_THAT(plan(std::string("SELECT 1;\0DELETE FROM log", 25)), FailsWith(ErrorCode::invalid));
}

TEST_F(StatementsTest, WhatNeedsAnEarlierStatementIsLeftToTheRun) {
    const auto planned = plan("CREATE TABLE made(a); INSERT INTO made VALUES (1); SELECT * FROM made");
    ASSERT_THAT(planned, Succeeds());
    EXPECT_TRUE(planned->writes);
    EXPECT_EQ(planned->statements.size(), 1u);
    const auto temporary = plan("CREATE TEMP TABLE s AS SELECT id FROM parents; SELECT count(*) FROM s; INSERT INTO s VALUES (9)");
    ASSERT_THAT(temporary, Succeeds());
    EXPECT_EQ(temporary->statements.size(), 3u);
    EXPECT_FALSE(temporary->writes);
    const auto both = plan("CREATE TEMP TABLE s AS SELECT id FROM parents; DELETE FROM parents WHERE id IN (SELECT id FROM s)");
    ASSERT_THAT(both, Succeeds());
    EXPECT_TRUE(both->writes);
}

TEST_F(StatementsTest, ATemporaryTriggerThatWritesDoesNotHide) {
    const auto planned = plan("CREATE TEMP TABLE s(a); CREATE TEMP TRIGGER t AFTER INSERT ON s BEGIN DELETE FROM log; END; INSERT INTO s VALUES (1)");
    ASSERT_THAT(planned, Succeeds());
    EXPECT_TRUE(planned->writes);
}

TEST_F(StatementsTest, EveryParameterHasAValueAndEveryValueAParameter) {
    EXPECT_THAT(plan("SELECT :a, @b, $c, ?4", {{"a", "1"}, {"b", "2"}, {"c", "3"}, {"4", "4"}}), Succeeds());
    EXPECT_THAT(plan("DELETE FROM log WHERE what = :a", {}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(plan("DELETE FROM log", {{"a", "1"}}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(plan("SELECT ?", {{"1", "1"}}), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::live

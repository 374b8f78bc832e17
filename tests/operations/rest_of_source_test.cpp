#include <gtest/gtest.h>

#include <set>

#include "holdfast/base/shell_word.h"
#include "holdfast/operations/diff.h"
#include "holdfast/operations/exec.h"
#include "holdfast/operations/query.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// Two databases that make one backup, and a write into one of them.
class RestOfSource : public World {
protected:
    RestOfSource() {
        make_repository();
        create_database(database);
        create_database(other_);
    }
    ExecRequest request(const std::string& sql) const { return exec_request(sql); }
    ExecReport write(const std::string& sql) { return must(exec(context, request(sql))); }
    std::size_t sources() {
        std::set<std::string> found;
        for (const auto& backup : listed().backups) found.insert(backup.source);
        return found.size();
    }
    std::string other_ = root / "work/jobs.db";
};

// Nobody has to say which source is meant, and latest holds both.
TEST_F(RestOfSource, ABackupBeforeAWriteIsOneOfTheSourcesOwn) {
    must(try_backup({database, other_}));
    const auto before = rows_of(database);
    execute(database, "DELETE FROM ledger WHERE n < 9");
    auto rows = restore_request("latest");
    rows.rows.tables = {"ledger"};
    rows.only = {database};
    const auto restored = must(restore(context, rows));
    EXPECT_EQ(rows_of(database), before);
    EXPECT_THAT(restored.warnings, IsEmpty());
    EXPECT_EQ(write("DELETE FROM ledger WHERE n = 1").before.number, 3u);
    EXPECT_EQ(sources(), 1u);
    EXPECT_EQ(shown("latest").backup.number, 3u);
    EXPECT_EQ(shown("latest").members.size(), 2u);
    for (const char* word : {"latest", "live"}) {
        QueryRequest asked;
        asked.repository = in_repository();
        asked.snapshot = word;
        asked.script.sql = "SELECT (SELECT count(*) FROM app.ledger), (SELECT count(*) FROM jobs.ledger)";
        const auto counted = must(query(context, asked));
        EXPECT_EQ(json_of(counted.results[0].rows).to_text(), word == std::string("live") ? "[[199,200]]" : "[[200,200]]");
    }
    DiffRequest since;
    since.repository = in_repository();
    EXPECT_THAT(diff(context, since), Succeeds());
}

// What has come into the others since then is nothing to take back.
TEST_F(RestOfSource, TheWayBackIsForTheOneThatWasWritten) {
    must(try_backup({database, other_}));
    const auto before = rows_of(database);
    const auto report = write("DELETE FROM ledger");
    insert(other_, 5);
    const auto now = rows_of(other_);
    EXPECT_THAT(report.before.command, HasSubstr("--only " + shell_word(database)));
    auto back = restore_request(format("{}", report.before.number));
    back.only = {database};
    must(restore(context, back));
    EXPECT_EQ(rows_of(database), before);
    EXPECT_EQ(rows_of(other_), now);
}

// Of the set; not when it is the one that is written.
TEST_F(RestOfSource, AnotherThatCannotBeBackedUpIsToldAndDoesNotKeepFromWriting) {
    must(try_backup({database, other_}));
    insert(database, 1);
    std::filesystem::rename(other_, other_ + ".away");
    const auto report = write("DELETE FROM ledger");
    EXPECT_THAT(shown("2").failed, SizeIs(1));
    EXPECT_EQ(sources(), 1u);
    ASSERT_THAT(report.before.warnings, Not(IsEmpty()));
    EXPECT_THAT(report.before.warnings.front(), HasSubstr(other_));
    EXPECT_EQ(shown("latest").backup.number, 1u);  // the one that is whole
    auto back = restore_request("2");
    back.only = {database};
    must(restore(context, back));
    auto connection = connect(database);
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM ledger")), 201);
}

TEST_F(RestOfSource, TheSettingsSayWhatTheSourceIsBeforeAnyBackup) {
    World::write(work + "/holdfast.toml", "[source.shop]\ndatabases = [\"app.db\", \"jobs.db\"]\n");
    write("DELETE FROM ledger WHERE n = 1");
    EXPECT_EQ(shown("latest").members.size(), 2u);
    EXPECT_EQ(listed().backups[0].source, "shop");
}

TEST_F(RestOfSource, OneThatIsBackedUpAloneStaysAlone) {
    backup(other_);
    backup();
    EXPECT_EQ(write("DELETE FROM ledger WHERE n = 1").before.number, 3u);
    EXPECT_EQ(shown("3").members.size(), 1u);
    EXPECT_EQ(sources(), 2u);
}

}  // namespace
}  // namespace holdfast::operations

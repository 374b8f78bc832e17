#include "holdfast/operations/exec.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "holdfast/operations/maintain.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;

class ExecTest : public World {
protected:
    ExecTest() {
        make_repository();
        create_database(database);
    }
    ExecRequest request(const std::string& sql) const { return exec_request(sql); }
    std::int64_t rows() {
        auto connection = connect(database);
        return must(connection.integer("SELECT count(*) FROM ledger"));
    }
};

TEST_F(ExecTest, TheBackupIsAutomaticAndSaysTheStatement) {
    const auto report = must(exec(context, request("DELETE\n  FROM ledger WHERE n = 1")));
    EXPECT_EQ(report.before.number, 1u);
    const auto shown = must(exec(context, request("SELECT 1")));
    EXPECT_EQ(shown.before.number, 0u);
    const auto backups = listed().backups;
    ASSERT_EQ(backups.size(), 1u);
    EXPECT_EQ(backups[0].kind, "automatic");
    EXPECT_EQ(backups[0].operation, "SQL: DELETE FROM ledger WHERE n = 1");
    EXPECT_EQ(backups[0].comment, "Auto-backup before: SQL: DELETE FROM ledger WHERE n = 1");
    EXPECT_EQ(rows(), 199);
}

TEST_F(ExecTest, LongStatementsAreCutAtSixtyCharactersAndNotWithinOne) {
    std::string sql = "UPDATE ledger SET payload = '";
    for (int i = 0; i < 100; ++i) sql += "ü";
    must(exec(context, request(sql + "'")));
    const std::string comment = listed().backups[0].comment;
    EXPECT_EQ(comment, "Auto-backup before: SQL: UPDATE ledger SET payload = '" + [] {
        std::string umlauts;
        for (int i = 0; i < 31; ++i) umlauts += "ü";
        return umlauts;
    }() + "…");
}

// The repository cannot be written: nothing happens, also where the file system would let us write the database.
TEST_F(ExecTest, WithoutABackupNothingIsWritten) {
    files.read_only.push_back(repository);
    const auto refused = exec(context, request("DELETE FROM ledger"));
    ASSERT_THAT(refused, FailsWith(ErrorCode::denied));
    EXPECT_THAT(refused.error().message(), HasSubstr("nothing was written"));
    EXPECT_EQ(rows(), 200);
    auto without = request("DELETE FROM ledger");
    without.before.no_backup = true;
    EXPECT_THAT(exec(context, without), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(rows(), 200);
    without.before.yes = true;
    EXPECT_THAT(exec(context, without), Succeeds());
    EXPECT_EQ(rows(), 0);
}

TEST_F(ExecTest, ValuesKeepTheirTypes) {
    const auto report = must(exec(context, request("SELECT 1, 1.0, '1', NULL, x'00ff', 1e999, 9007199254740993")));
    const auto& row = report.statements[0].rows[0];
    EXPECT_EQ(json_of(report.statements[0].rows).to_text(), R"([[1,1.0,"1",null,{"hex":"00ff"},"Inf",9007199254740993]])");
    std::string shown;
    for (const auto& cell : row) shown += text_of_cell(cell) + " ";
    EXPECT_EQ(shown, "1 1.0 1 NULL x'00ff' Inf 9007199254740993 ");
}

TEST_F(ExecTest, RequestsThatMakeNoSenseAreRefused) {
    auto both = request("SELECT 1");
    both.file = "x.sql";
    EXPECT_THAT(exec(context, both), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(exec(context, request("")), FailsWith(ErrorCode::invalid));
    auto keys = request("SELECT 1");
    keys.foreign_keys = "yes";
    EXPECT_THAT(exec(context, keys), FailsWith(ErrorCode::invalid));
    auto parameter = request("SELECT 1");
    parameter.parameters = {"novalue"};
    EXPECT_THAT(exec(context, parameter), FailsWith(ErrorCode::invalid));
    auto other = request("SELECT 1");
    other.target.application_id = "0x4d";
    EXPECT_THAT(exec(context, other), FailsWith(ErrorCode::invalid));
    other.target.application_id = "0";
    EXPECT_THAT(exec(context, other), Succeeds());
}

TEST_F(ExecTest, SchemaChangesAreTold) {
    const auto report = must(exec(context, request("DROP TABLE ledger; CREATE TABLE ledger(n); CREATE VIEW v AS SELECT 1")));
    ASSERT_EQ(report.schema.size(), 4u);
    EXPECT_EQ(report.schema[0].what + " " + report.schema[0].name, "dropped ledger");
    EXPECT_EQ(report.schema[0].rows, 200u);
    EXPECT_EQ(report.schema[1].what + " " + report.schema[1].name, "dropped payloads");
    EXPECT_EQ(report.schema[2].what + " " + report.schema[2].name, "created ledger");
    EXPECT_EQ(report.schema[3].what + " " + report.schema[3].name, "created v");
}

// --- maintain ---

// Somebody who writes into the database when the smaller one has been built, and is about to be brought back.
class WritesMeanwhile final : public Progress {
public:
    WritesMeanwhile(std::function<void()> write) : write_(std::move(write)) {}
    void at(const ProgressStep& step) override {
        if (step.phase == "hashing" && !std::exchange(done_, true)) write_();
    }

private:
    std::function<void()> write_;
    bool done_ = false;
};

TEST_F(ExecTest, AVacuumByWayOfAnotherFolderLosesNoCommit) {
    execute(database, "DELETE FROM ledger WHERE n % 2");
    MaintainVacuumRequest vacuum;
    vacuum.target.database = database;
    vacuum.before.repository = in_repository();
    vacuum.by_way_of = root / "elsewhere";
    EXPECT_THAT(maintain_vacuum(context, vacuum), FailsWith(ErrorCode::not_found));
    must(files.make_folder(vacuum.by_way_of, 0755));

    WritesMeanwhile somebody([&] { execute(database, "INSERT INTO ledger(payload) VALUES ('meanwhile')"); });
    context.watch.progress = &somebody;
    const auto refused = maintain_vacuum(context, vacuum);
    ASSERT_THAT(refused, FailsWith(ErrorCode::busy));
    EXPECT_THAT(refused.error().message(), HasSubstr("has written"));
    EXPECT_EQ(rows(), 101);
    EXPECT_TRUE(must(files.list(vacuum.by_way_of)).empty());
    EXPECT_TRUE(numbers().empty());

    const auto report = must(maintain_vacuum(context, vacuum));
    EXPECT_LT(report.bytes_after, report.bytes_before);
    EXPECT_EQ(report.before.number, 1u);
    EXPECT_EQ(rows(), 101);
    EXPECT_TRUE(must(files.list(vacuum.by_way_of)).empty());
}

// As diff --sql writes it where nothing differs. What is empty altogether may be what a program left that died.
TEST_F(ExecTest, CommentsAloneAreNothingToDo) {
    for (const char* sql : {"-- nothing differs\n", " ; /* nothing */"}) {
        const auto report = must(exec(context, request(sql)));
        EXPECT_FALSE(report.wrote);
        EXPECT_TRUE(report.statements.empty());
    }
    EXPECT_TRUE(numbers().empty());
    EXPECT_THAT(exec(context, request(" ;\n")), FailsWith(ErrorCode::invalid));
}

TEST_F(ExecTest, AllUsesOneBackup) {
    MaintainAllRequest all;
    all.databases = {database};
    all.before.repository = in_repository();
    const auto report = must(maintain_all(context, all));
    EXPECT_EQ(report.done, (std::vector<std::string>{"backup", "vacuum", "analyze", "check", "stats"}));
    EXPECT_EQ(report.failure, "");
    EXPECT_EQ(numbers().size(), 1u);
    EXPECT_EQ(listed().backups[0].operation, "maintain all");
}

TEST_F(ExecTest, RulesOfTheSettingsAreUsedUnlessFlagsNameOne) {
    execute(database, "CREATE TABLE events(at, kind); INSERT INTO events VALUES ('2020-01-01', 'a'), ('2020-01-01', 'b'), (NULL, 'c')");
    MaintainCleanupRequest cleanup;
    cleanup.target.database = database;
    cleanup.before.repository = in_repository();
    EXPECT_THAT(maintain_cleanup(context, cleanup), FailsWith(ErrorCode::invalid));
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.cleanup]]\ntable = \"events\"\ncolumn = \"at\"\nolder_than = \"30d\"\nwhere = \"kind = 'a'\"\n");
    cleanup.dry_run = true;
    EXPECT_EQ(must(maintain_cleanup(context, cleanup)).rules[0].deleted, 1u);
    EXPECT_TRUE(numbers().empty());
    cleanup.dry_run = false;
    EXPECT_EQ(must(maintain_cleanup(context, cleanup)).rules[0].deleted, 1u);
    cleanup.rules.rule = {.table = "events", .column = "at", .older_than = "1w", .where = {}};
    const auto report = must(maintain_cleanup(context, cleanup));
    EXPECT_EQ(report.rules[0].deleted, 1u);
    EXPECT_EQ(report.rules[0].without_time, 1u);
    cleanup.rules.rule.where = "1) OR (1";
    const auto before = numbers();
    EXPECT_THAT(maintain_cleanup(context, cleanup), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(numbers(), before);  // no backup for a rule that is none
}

}  // namespace
}  // namespace holdfast::operations

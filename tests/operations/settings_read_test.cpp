// What the settings say reaches the verbs: rules of cleanup, times of the schedule, the audit log, what guard protects,
// what verify expects.
#include "holdfast/operations/audited.h"
#include "holdfast/operations/drill.h"
#include "holdfast/operations/exec.h"
#include "holdfast/operations/guard.h"
#include "holdfast/operations/log.h"
#include "holdfast/operations/maintain_every.h"
#include "holdfast/operations/schedule.h"
#include "holdfast/operations/settings_in_effect.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class SettingsRead : public World {
protected:
    SettingsRead() {
        make_repository();
        create_database(database);
    }
    void settle(const std::string& text) { write(work + "/holdfast.toml", text); }
    static constexpr std::string_view app = "[source.app]\ndatabases = [\"app.db\"]\n";

    std::vector<std::string> jobs(ScheduleInstallRequest request = {}) {
        request.by = "cron";
        request.dry_run = true;
        std::vector<std::string> told;
        for (const auto& job : must(install_schedule(context, request)).jobs) told.push_back(job.job + " " + job.time);
        return told;
    }
};

TEST_F(SettingsRead, ScheduleTakesItsTimesFromThem) {
    settle(std::string(app) + "[schedule]\nbackup = \"daily 02:30\"\nverify = \"never\"\ndrill = \"0 3 * * 6\"\nmaintain = \"monthly\"\nprune = \"weekly sun 05:00\"\n");
    EXPECT_THAT(jobs(), ElementsAre("backup daily 02:30", "drill 0 3 * * 6", "maintain monthly", "prune weekly sun 05:00"));
    ScheduleInstallRequest flags;
    flags.verify = "daily";
    flags.drill = "never";
    EXPECT_THAT(jobs(flags), ElementsAre("backup daily 02:30", "verify daily", "maintain monthly", "prune weekly sun 05:00"));
    settle("[retention]\nminimum_keep = 2\n");
    EXPECT_THAT(install_schedule(context, flags), FailsWith(ErrorCode::invalid)) << "there is no source";
    flags.databases = {database};
    EXPECT_THAT(jobs(flags), ElementsAre("backup hourly", "verify daily", "maintain weekly", "prune daily"));
}

TEST_F(SettingsRead, CleanupIsByTheRulesOfTheDatabasesSource) {
    const std::string other = work + "/other.db";
    create_database(other);
    execute(other, "CREATE TABLE events(at, kind); INSERT INTO events VALUES ('2020-01-01', 'a'), ('2020-01-01', 'b')");
    const std::string rule = "[[source.app.cleanup]]\ntable = \"events\"\ncolumn = \"at\"\nolder_than = \"30d\"\nwhere = \"kind = 'a'\"\n";
    MaintainCleanupRequest cleanup;
    cleanup.before.repository = in_repository();
    cleanup.target.database = database;
    settle(std::string(app) + rule);
    EXPECT_THAT(maintain_cleanup(context, cleanup), FailsWith(ErrorCode::invalid)) << "the table that the rule names is not there";
    settle("[source.app]\ndatabases = [\"app.db\", \"other.db\"]\n" + rule);
    EXPECT_THAT(maintain_cleanup(context, cleanup), FailsWith(ErrorCode::invalid)) << "no rule is for this one of the two";
    MaintainAllRequest all;
    all.before.repository = in_repository();
    const auto every = must(maintain_every(context, all));
    ASSERT_EQ(every.databases.size(), 2u);
    EXPECT_EQ(every.exit_code, 0);
    EXPECT_FALSE(every.databases[0].done->cleanup);
    EXPECT_EQ(every.databases[1].done->cleanup->rules.at(0).deleted, 1u);
    EXPECT_EQ(must(connect(other).integer("SELECT count(*) FROM events WHERE kind = 'b'")), 1);
}

TEST_F(SettingsRead, OneDatabaseThatCannotBeMaintainedDoesNotStopTheOthers) {
    settle("[source.a]\ndatabases = [\"missing.db\"]\n" + std::string(app));
    MaintainAllRequest all;
    all.before.repository = in_repository();
    const auto every = must(maintain_every(context, all));
    EXPECT_EQ(every.databases.at(0).exit_code, 5);
    EXPECT_THAT(every.databases.at(0).error, HasSubstr("missing.db"));
    EXPECT_EQ(every.databases.at(1).done->done.size(), 5u);
    EXPECT_EQ(every.exit_code, 5);
    settle("");
    EXPECT_THAT(maintain_every(context, all), FailsWith(ErrorCode::invalid));
}

TEST_F(SettingsRead, TheAuditLogLiesWhereTheySay) {
    context.audit = std::make_shared<AuditTrail>(AuditOptions{});
    settle(std::string(app) + "[log]\naudit = \"logs/audit.jsonl\"\n");
    must(audited(context, backup_request({database}), operations::backup));
    LogRequest request{.repository = in_repository()};
    request.verify = true;
    const auto told = must(audited(context, request, show_log));
    EXPECT_EQ(told.file, work + "/logs/audit.jsonl");
    ASSERT_EQ(told.entries.size(), 1u);
    EXPECT_EQ(told.entries[0].event, "backup");
    EXPECT_EQ(told.entries[0].user, "");
    settle(std::string(app) + "[log]\naudit = \"logs/audit.jsonl\"\nnames = true\n");
    must(audited(context, backup_request({database}), operations::backup));
    const auto again = must(audited(context, request, show_log));
    EXPECT_NE(again.entries.at(1).user, "");
    EXPECT_TRUE(again.good);
    EXPECT_EQ(again.heads_matched, 2u) << "the second backup holds the head of this log, and so does the file beside it";
    EXPECT_FALSE(exists(root / "state/holdfast/audit")) << "there is no other log";
}

TEST_F(SettingsRead, GuardProtectsEverySource) {
    const std::string other = work + "/other.db";
    create_database(other, 20);
    settle(std::string(app) + "[source.jobs]\ndatabases = [\"other.db\"]\n");
    const std::string before = rows_of(database), before_other = rows_of(other);
    GuardRequest request;
    request.repository = in_repository();
    request.restore_on_failure = true;
    request.command = {"/bin/sh", "-c", format("sqlite3 {} 'DELETE FROM ledger'; sqlite3 {} 'DELETE FROM ledger'; exit 3", database, other)};
    std::vector<std::uint64_t> announced;
    request.announce = [&](const BackupReport& report) { announced.push_back(report.number); };
    const auto report = must(guard(context, request));
    EXPECT_THAT(announced, ElementsAre(1u, 2u));
    ASSERT_EQ(report.backups.size(), 2u);
    EXPECT_EQ(report.backups[1].source, "jobs");
    EXPECT_TRUE(report.restored) << report.restore_error;
    EXPECT_EQ(rows_of(database), before);
    EXPECT_EQ(rows_of(other), before_other);
    EXPECT_NE(report.backups[0].safety_number, report.backups[1].safety_number);

    std::filesystem::remove(other);
    request.command = {"/bin/touch", root / "mark"};
    EXPECT_THAT(guard(context, request), FailsWith(ErrorCode::not_found)) << "one of them cannot be gone back to";
    EXPECT_FALSE(exists(root / "mark"));
}

TEST_F(SettingsRead, VerifyLooksAtWhatIsExpectedAndBlamesNoBytes) {
    settle(std::string(app) + "[[source.app.expect]]\nsql = \"SELECT count(*) > 150 FROM ledger\"\n[[source.app.expect]]\ntable = \"ledger\"\nloss_percent_max = 20\n");
    backup();
    const auto good = must(verify(context, verify_request("opened")));
    EXPECT_FALSE(good.unmet);
    ASSERT_EQ(good.expected.size(), 1u);
    EXPECT_EQ(good.expected[0].expectations.size(), 2u);
    execute(database, "DELETE FROM ledger WHERE n > 50");
    backup();
    const auto report = must(verify(context, verify_request("opened")));
    EXPECT_TRUE(report.good) << "the bytes are what was backed up";
    EXPECT_TRUE(report.unmet);
    ASSERT_EQ(report.expected.size(), 1u);
    EXPECT_EQ(report.expected[0].number, 2u);
    EXPECT_THAT(report.expected[0].expectations.at(0).why, HasSubstr("answer is 0"));
    EXPECT_THAT(report.expected[0].expectations.at(1).why, HasSubstr("75.0 %"));
    EXPECT_EQ(shown("last-good").backup.number, 2u) << "it is noted as good";
    EXPECT_THAT(must(verify(context, verify_request("hashed"))).expected, IsEmpty());
}

// A query that is true of any schema is not true of nothing.
TEST_F(SettingsRead, NothingIsAsExpectedInAnEmptiedDatabase) {
    settle(std::string(app) + "[[source.app.expect]]\nsql = \"SELECT 1\"\n[[source.app.expect]]\ntable = \"ledger\"\nloss_percent_max = 100\n");
    EXPECT_FALSE(backup().unmet);
    write(database, "");
    const auto kept = backup();
    EXPECT_TRUE(kept.unmet);
    EXPECT_TRUE(kept.is_incomplete());
    ASSERT_EQ(kept.expectations.size(), 2u);
    for (const auto& one : kept.expectations) EXPECT_EQ(one.why, "the database is empty") << one.what;
    EXPECT_THAT(kept.warnings, Contains(HasSubstr("is empty; it was not in backup #1")));
    const auto verified = must(verify(context, verify_request("opened")));
    EXPECT_TRUE(verified.good);
    EXPECT_TRUE(verified.unmet);
    DrillRequest request;
    request.repository = in_repository();
    request.folder = root / "";
    const auto drilled = must(drill(context, request));
    EXPECT_FALSE(drilled.passed);
    EXPECT_THAT(drilled.backups.at(0).databases.at(0).findings, Contains(HasSubstr("the database is empty")));
}

TEST_F(SettingsRead, ASourceSaysItsSchemasVersion) {
    settle(std::string(app) + "schema_version = \"SELECT 'v' || 9\"\n");
    backup();
    EXPECT_EQ(listed().backups.at(0).schema_version, "v9");
}

TEST_F(SettingsRead, RecoveriesAreToldWhereTheySay) {
    settle(std::string(app) + "[log]\nrecovery = \"Recoveries.md\"\n");
    backup();
    EXPECT_EQ(must(restore_in_place("1")).recovery_log, work + "/Recoveries.md");
    EXPECT_TRUE(exists(work + "/Recoveries.md"));
}

TEST_F(SettingsRead, SecretsComeFromTheFilesThatTheyName) {
    write(root / "secret", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n");
    for (const std::string key : {"key_file", "password_file"}) {
        RepositoryRequest sealed;
        sealed.repository = root / ("sealed by " + key);
        (key == "key_file" ? sealed.key_file : sealed.password_file) = root / "secret";
        must(init(context, {.repository = sealed, .encrypt = true}));
        settle(format("[repository]\npath = \"{}\"\n", sealed.repository));
        EXPECT_THAT(list(context, ListRequest{}), FailsWith(ErrorCode::denied)) << key;
        settle(format("[repository]\npath = \"{}\"\n{} = \"../secret\"\n", sealed.repository, key));
        EXPECT_THAT(list(context, ListRequest{}), Succeeds()) << key;
    }
}

TEST_F(SettingsRead, TheAgeOfAProofIsATarget) {
    settle(std::string(app));
    EXPECT_EQ(targets_of(must(load_settings(context, {}))).proof_s, 8 * 86'400);
    settle("[targets]\nproof = \"2d\"\n");
    EXPECT_EQ(targets_of(must(load_settings(context, {}))).proof_s, 2 * 86'400);
}

TEST_F(SettingsRead, ExecAndMaintenanceAreInTheAuditLogWithoutSqlOrRows) {
    context.audit = std::make_shared<AuditTrail>(AuditOptions{});
    ExecRequest run;
    run.target.database = database;
    run.before.repository = in_repository();
    run.sql = "SELECT * FROM ledger";
    must(audited(context, run, exec));
    run.sql = "INSERT INTO ledger(payload) VALUES ('hush')";
    must(audited(context, run, exec));
    run.sql = "INSERT INTO hush VALUES (1)";
    EXPECT_THAT(audited(context, run, exec), FailsWith(ErrorCode::invalid));
    MaintainCleanupRequest cleanup;
    cleanup.target.database = database;
    cleanup.before.repository = in_repository();
    cleanup.rules.rule = {.table = "ledger", .column = "payload", .older_than = "30d", .where = "payload <> 'hush'"};
    must(audited(context, cleanup, maintain_cleanup));
    LogRequest request{.repository = in_repository()};
    const auto told = must(audited(context, request, show_log));
    std::vector<std::string> events;
    for (const auto& entry : told.entries) events.push_back(entry.event + " " + entry.outcome);
    EXPECT_THAT(events, ElementsAre("exec done", "exec failed", "maintain cleanup done")) << "a SELECT changes nothing";
    EXPECT_THAT(told.entries[0].numbers, ElementsAre(1u));
    EXPECT_THAT(told.entries[0].details, ::testing::Contains("changes.inserted=[1]"));
    for (const auto& [path, bytes] : files_below(root / "state")) EXPECT_THAT(bytes, Not(HasSubstr("hush"))) << path;
}

}  // namespace
}  // namespace holdfast::operations

#include "holdfast/operations/guard.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Guarding : public World {
protected:
    Guarding() {
        make_repository();
        create_database(database, 100);
    }
    GuardRequest request(const std::string& shell) const {
        GuardRequest request;
        request.repository = in_repository();
        request.databases = {database};
        if (!shell.empty()) request.command = {"/bin/sh", "-c", shell};
        return request;
    }
    Result<GuardReport> guarded(const std::string& shell) { return guard(context, request(shell)); }
    // SQL as the command's own program runs it.
    std::string sql(const std::string& text) const { return format("sqlite3 {} \"{}\"", database, text); }
};

TEST_F(Guarding, BacksUpThenRunsTheCommand) {
    const std::string before = rows_of(database);
    auto asked = request(sql("DELETE FROM ledger"));
    std::uint64_t announced = 0;
    std::string seen;
    asked.announce = [&](const BackupReport& report) {
        announced = report.number;
        seen = rows_of(database);
    };
    const auto report = must(guard(context, asked));
    EXPECT_EQ(announced, 1u);
    EXPECT_EQ(seen, before) << "announced before the command was started";
    EXPECT_TRUE(report.command_run);
    EXPECT_EQ(report.exit_code, 0);
    EXPECT_EQ(report.go_back, "");
    EXPECT_EQ(rows_of(database), "");
    must(restore_to("1", root / "copy.db"));
    EXPECT_EQ(rows_of(root / "copy.db"), before);
    const auto listed = this->listed().backups.at(0);
    EXPECT_EQ(listed.kind, "automatic");
    EXPECT_EQ(listed.comment, "Auto-backup before: sh");
}

TEST_F(Guarding, TheOperationIsTheCommandsFileNameUnlessItIsNamed) {
    auto asked = request("true");
    EXPECT_EQ(must(guard(context, asked)).operation, "sh");
    asked.before = "migrate";
    EXPECT_EQ(must(guard(context, asked)).operation, "migrate");
    asked.command.clear();
    asked.before.clear();
    EXPECT_EQ(must(guard(context, asked)).operation, "guard");
}

TEST_F(Guarding, AFailureSaysHowToGoBack) {
    const auto failed = must(guarded(sql("DELETE FROM ledger") + "; exit 7"));
    EXPECT_EQ(failed.exit_code, 7);
    EXPECT_EQ(failed.go_back, format("holdfast restore 1 -r '{}'", repository));
    EXPECT_FALSE(failed.restored);
    EXPECT_EQ(rows_of(database), "");
    const auto killed = must(guarded("kill -9 $$"));
    EXPECT_EQ(killed.exit_code, 137);
    EXPECT_EQ(killed.signal, 9);
}

TEST_F(Guarding, GoesBackByItselfWhenAsked) {
    const std::string before = rows_of(database);
    auto asked = request(sql("DELETE FROM ledger WHERE n > 50") + "; exit 7");
    asked.restore_on_failure = true;
    const auto report = must(guard(context, asked));
    EXPECT_EQ(report.exit_code, 7) << "it failed all the same";
    EXPECT_TRUE(report.restored);
    EXPECT_EQ(rows_of(database), before);
    ASSERT_GT(report.safety_number, report.number);
    must(restore_to(std::to_string(report.safety_number), root / "left.db"));
    EXPECT_EQ(std::ranges::count(rows_of(root / "left.db"), '\n'), 49) << "what the command had left";
    asked.command = {"/bin/sh", "-c", sql("DELETE FROM ledger")};
    EXPECT_FALSE(must(guard(context, asked)).restored) << "it did not fail";
    EXPECT_EQ(rows_of(database), "");
}

TEST_F(Guarding, WhatCannotBeGoneBackToIsTold) {
    auto asked = request(format("rm -r {}; exit 1", repository));
    asked.restore_on_failure = true;
    const auto report = must(guard(context, asked));
    EXPECT_FALSE(report.restored);
    EXPECT_THAT(report.restore_error, HasSubstr(repository));
    EXPECT_EQ(report.exit_code, 1);
}

TEST_F(Guarding, WithoutABackupTheCommandIsNotRun) {
    const std::string mark = root / "mark";
    const auto touch = "touch " + mark;
    auto missing = request(touch);
    missing.databases.push_back(work + "/missing.db");
    const auto refused = guard(context, missing);
    ASSERT_THAT(refused, FailsWith(ErrorCode::not_found)) << "a part is not enough";
    EXPECT_THAT(refused.error().message(), HasSubstr("the command was NOT run"));
    overwrite(database, 100, std::string(900, '\xff'));  // the schema's page
    EXPECT_THAT(guarded(touch), FailsWith(ErrorCode::corrupt)) << "it was damaged before";
    write(database, "no database at all, and long enough to see that it is none" + std::string(600, '.'));
    EXPECT_THAT(guarded(touch), FailsWith(ErrorCode::corrupt));
    EXPECT_FALSE(exists(mark));

    auto anyway = request(touch + "; exit 4");
    anyway.even_if_backup_fails = true;
    anyway.restore_on_failure = true;
    std::string announced;
    anyway.announce_failure = [&](const Error& error) { announced = error.message(); };
    const auto report = must(guard(context, anyway));
    EXPECT_TRUE(exists(mark));
    EXPECT_EQ(report.number, 0u);
    EXPECT_EQ(report.exit_code, 4);
    EXPECT_FALSE(report.restored) << "there is nothing to go back to: an older backup was not meant";
    EXPECT_EQ(report.restore_error, "");
    EXPECT_FALSE(announced.empty());
    EXPECT_FALSE(report.backup_error.empty());
    anyway.command.clear();
    EXPECT_FALSE(guard(context, anyway)) << "there is nothing to run";
}

TEST_F(Guarding, ACommandThatCannotBeStartedIsAsInAShell) {
    auto asked = request("");
    asked.command = {"holdfast-has-no-such-program"};
    const auto missing = must(guard(context, asked));
    EXPECT_EQ(missing.exit_code, 127);
    EXPECT_FALSE(missing.command_run);
    asked.command = {database};
    EXPECT_EQ(must(guard(context, asked)).exit_code, 126);
}

TEST_F(Guarding, ACrashLoopMakesOneBackup) {
    for (int turn = 0; turn < 5; ++turn) {
        let_time_pass();
        EXPECT_EQ(must(guarded("exit 1")).number, 1u);
    }
    EXPECT_THAT(numbers(), ElementsAre(1u));
    auto another = request("exit 1");
    another.before = "other";
    EXPECT_EQ(must(guard(context, another)).number, 2u) << "before something else";
}

TEST_F(Guarding, ACrashLoopThatChangesNothingRestoresNothing) {
    for (int turn = 0; turn < 4; ++turn) {
        if (turn == 2) let_time_pass();
        auto asked = request("exit 1");
        asked.restore_on_failure = true;
        const auto report = must(guard(context, asked));
        EXPECT_TRUE(report.restored);
        EXPECT_TRUE(report.unchanged);
        EXPECT_EQ(report.safety_number, 0u);
    }
    EXPECT_THAT(numbers(), ElementsAre(1u));
}

TEST_F(Guarding, WhatARestoreHasBroughtBackIsTheBackupItIsOf) {
    for (const char* journal : {"wal", "delete"}) {
        execute(database, format("PRAGMA journal_mode = {}; INSERT INTO ledger(payload) VALUES ('{}')", journal, journal));
        const std::string before = rows_of(database);
        std::set<std::uint64_t> automatic;
        for (int turn = 0; turn < 5; ++turn) {
            if (turn == 3) let_time_pass();
            auto asked = request(sql("DELETE FROM ledger WHERE n > 50") + "; exit 7");
            asked.restore_on_failure = true;
            const auto report = must(guard(context, asked));
            automatic.insert(report.number);
            EXPECT_TRUE(report.restored);
            EXPECT_FALSE(report.unchanged);
            EXPECT_EQ(rows_of(database), before);
        }
        EXPECT_EQ(automatic.size(), 1u) << journal;
        EXPECT_EQ(must(guarded("true")).number, *automatic.begin());
        auto another = request("true");
        another.before = "another";
        EXPECT_GT(must(guard(context, another)).number, *automatic.begin()) << "before something else";
        execute(database, "UPDATE ledger SET payload = 'other' WHERE n = 90");
        EXPECT_GT(must(guarded("true")).number, *automatic.begin()) << "other rows on as many pages";
    }
}

TEST_F(Guarding, TheBackupIsNeitherForgottenNorDroppedWhileTheCommandRuns) {
    write(work + "/holdfast.toml", "[retention.automatic]\nkeep_last = 1\n");
    const std::string before = rows_of(database);
    auto asked = request("exit 7");
    asked.restore_on_failure = true;
    asked.announce = [&](const BackupReport& made) {
        for (int turn = 0; turn < 3; ++turn) {
            clock.ahead_s += 60;
            execute(database, "DELETE FROM ledger WHERE n > 20");
            insert(database, 30);
            auto hourly = backup_request({database});
            hourly.purpose.operation = "hourly";
            EXPECT_THAT(must(operations::backup(context, hourly)).forgotten, ::testing::Not(::testing::Contains(made.number)));
        }
        const auto named = forget(context, {.repository = in_repository(), .snapshots = {std::to_string(made.number)}});
        ASSERT_THAT(named, FailsWith(ErrorCode::busy));
        EXPECT_THAT(named.error().message(), HasSubstr("in use by a guard"));
        const auto by_policy = must(forget(context, {.repository = in_repository(), .policy = true, .dry_run = true}));
        EXPECT_THAT(by_policy.verdicts.back().reasons, ::testing::Contains(HasSubstr("in use by a guard")));
        EXPECT_FALSE(must(prune(context, {.repository = in_repository(), .grace = "0"})).dropped.empty()) << "the others go";
    };
    const auto report = must(guard(context, asked));
    EXPECT_TRUE(report.restored) << report.restore_error;
    EXPECT_EQ(rows_of(database), before);
}

TEST_F(Guarding, WhenItHasEndedItsBackupGoesAsOthersDo) {
    { must(guarded("true")); }
    backup();
    EXPECT_THAT(must(forget(context, {.repository = in_repository(), .snapshots = {"1"}})).numbers, ElementsAre(1u));
}

TEST_F(Guarding, ABackupThatHasGoneIsNoWayBack) {
    const auto report = must(guarded(format("rm -r {}; exit 1", repository)));
    EXPECT_EQ(report.go_back, "");
    EXPECT_FALSE(report.backups.at(0).gone.empty());
}

TEST_F(Guarding, TheWayBackSaysOfflineWhereNothingElseWorks) {
    const std::string before = rows_of(database);
    auto asked = request(sql("PRAGMA journal_mode = delete; PRAGMA page_size = 8192; VACUUM") + "; exit 1");
    asked.restore_on_failure = true;
    const auto report = must(guard(context, asked));
    EXPECT_FALSE(report.restored);
    EXPECT_THAT(report.go_back, ::testing::EndsWith(" --offline"));
    auto back = restore_request("1");
    back.offline = true;
    must(restore(context, back));
    EXPECT_EQ(rows_of(database), before);
}

TEST_F(Guarding, TheOnlySourceNeedsNoName) {
    auto asked = request("true");
    asked.databases.clear();
    EXPECT_THAT(guard(context, asked), FailsWith(ErrorCode::invalid)) << "there is none yet";
    backup();
    EXPECT_THAT(must(guard(context, asked)).databases, ElementsAre(database));
    const std::string other = work + "/other.db";
    create_database(other);
    backup(other);
    const auto which = guard(context, asked);
    ASSERT_THAT(which, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(which.error().message(), HasSubstr("other.db"));
    EXPECT_THAT(which.error().advice(), HasSubstr("--database"));
    asked.repository.repository = root / "nowhere";
    EXPECT_THAT(guard(context, asked), FailsWith(ErrorCode::not_found));
}

TEST_F(Guarding, HooksStandAroundTheBackupAndTheRestore) {
    const std::string log = root / "log";
    const auto say = [&](const char* word) { return std::vector<Hook>{{.command = format("echo {} >> {}", word, log)}}; };
    auto asked = request(format("echo command >> {}; {}; exit 1", log, sql("DELETE FROM ledger")));
    asked.restore_on_failure = true;
    asked.hooks = {.before_backup = say("before-backup"), .after_backup = say("after-backup"), .before_restore = say("before-restore"), .after_restore = say("after-restore"), .on_failure = {}};
    const auto report = must(guard(context, asked));
    EXPECT_EQ(text_of(tests::file_bytes(log)), "before-backup\nafter-backup\ncommand\nbefore-restore\nafter-restore\n");
    EXPECT_EQ(report.hooks.size(), 4u);
}

TEST_F(Guarding, AStopBeforeTheCommandKeepsItFromBeingRun) {
    std::stop_source source;
    context.watch.stop = source.get_token();
    auto asked = request("touch " + (root / "mark"));
    asked.even_if_backup_fails = true;
    asked.announce = [&](const BackupReport&) { source.request_stop(); };
    EXPECT_THAT(guard(context, asked), FailsWith(ErrorCode::cancelled));
    EXPECT_THAT(guard(context, asked), FailsWith(ErrorCode::cancelled)) << "nor when the backup itself was stopped";
    EXPECT_FALSE(exists(root / "mark"));
}

}  // namespace
}  // namespace holdfast::operations

// What follows a restore in place: companions built again, agreement, smoke tests.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "holdfast/host/environment.h"
#include "holdfast/host/process_identity.h"
#include "holdfast/operations/rebuild_companion.h"
#include "holdfast/operations/undo.h"
#include "operations/world.h"
#include "support/http_server.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// An application whose index is a JSON file that lists the ids of its rows.
class AfterARestore : public World {
protected:
    AfterARestore() {
        ::unsetenv("HOLDFAST_EVENT");
        make_repository();
        create_database(database, 2);
        std::filesystem::create_directories(work + "/data");
        write(index, ids("1, 2"));
        let_time_pass();
        context.watch.stop = source.get_token();
    }
    ~AfterARestore() override { ::unsetenv("HOLDFAST_EVENT"); }
    static std::string ids(const std::string& list) { return "{\"ids\": [" + list + "]}"; }
    void settings(const std::string& text) { write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n" + text); }
    static std::string companion(const std::string& keys) { return "[[source.app.companions]]\npath = \"data/index.json\"\n" + keys; }
    static std::string rebuilding(const std::string& command, const std::string& more = "") { return companion("keep = \"rebuild\"\nrebuild = { command = '" + command + "'" + more + " }\n"); }
    static std::string writing(const std::string& list) { return "echo \"" + std::string("{\\\"ids\\\": [") + list + "]}\" > data/index.json"; }
    static constexpr std::string_view agreeing = "[[source.app.agreement]]\nfiles = [\"data/index.json\"]\nids = \"SELECT n FROM ledger\"\nids_in = \"/ids\"\n";
    static std::string testing(const std::string& keys) { return "[[source.app.smoke_tests]]\n" + keys; }
    BackupReport back_up() { return must(try_backup({database})); }
    std::string indexed() { return std::string(trim(text_of(tests::file_bytes(index)))); }
    std::vector<RebuildRun> status_of_rebuilds() { return status_now().rebuilds; }
    StatusReport status_now() {
        StatusRequest request;
        request.repository = in_repository();
        return must(status(context, request));
    }
    const std::string index = root / "work/data/index.json", log = root / "log";
    std::stop_source source;
};

TEST_F(AfterARestore, WhatIsNotKeptIsBuiltAgain) {
    settings(rebuilding("echo $HOLDFAST_EVENT $HOLDFAST_SOURCE $HOLDFAST_NUMBER $HOLDFAST_COMPANION; " + writing("1, 2")));
    const auto made = back_up();
    EXPECT_THAT(made.rebuilt, ElementsAre(index));
    EXPECT_THAT(made.companions, IsEmpty());
    EXPECT_FALSE(made.partial);
    EXPECT_THAT(shown("1").rebuilt, ElementsAre(index));
    EXPECT_THAT(shown("1").companions, IsEmpty());
    insert(database, 1);
    write(index, ids("1, 2, 3"));
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(indexed(), ids("1, 2"));
    ASSERT_EQ(report.rebuilds.size(), 1u);
    EXPECT_EQ(report.rebuilds[0].state, "done");
    EXPECT_EQ(report.rebuilds[0].output, "rebuild app 1 " + index + "\n");
    EXPECT_FALSE(report.unmet);
    EXPECT_THAT(report.warnings, IsEmpty());
    ASSERT_EQ(status_of_rebuilds().size(), 1u);
    EXPECT_EQ(status_of_rebuilds()[0].state, "done");
}

TEST_F(AfterARestore, NeitherOfADryRunNorOfARestoreToAnotherPlace) {
    settings(rebuilding("echo run >> " + log));
    back_up();
    auto request = restore_request("1");
    request.dry_run = true;
    EXPECT_THAT(must(restore(context, request)).rebuilds, IsEmpty());
    EXPECT_THAT(must(restore_to("1", root / "out.db")).rebuilds, IsEmpty());
    EXPECT_FALSE(exists(log));
}

TEST_F(AfterARestore, AFailureIsToldWithTheCommandToRunAgainAndTheWayBack) {
    write(work + "/said.txt", "no memory\ntoken=abcdef0123456789\n");
    settings(rebuilding("cat said.txt; exit 7"));
    back_up();
    const auto rows = rows_of(database);
    insert(database, 1);
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(rows_of(database), rows) << "it has taken place";
    EXPECT_TRUE(report.unmet);
    EXPECT_THAT(report.warnings, Contains(AllOf(HasSubstr("it ended with status 7"), HasSubstr("holdfast rebuild '" + index + "' --source 'app' --settings "))));
    EXPECT_THAT(report.warnings, Contains(HasSubstr("to go back: " + report.go_back)));
    EXPECT_NE(report.go_back, "");
    const auto now = status_now();
    ASSERT_EQ(now.rebuilds.size(), 1u);
    EXPECT_EQ(now.rebuilds[0].state, "failed");
    EXPECT_EQ(now.rebuilds[0].output, "no memory\ntoken=[removed]\n") << "the last lines, and no secret in them";
    EXPECT_THAT(now.missed, Contains(HasSubstr("the last rebuild of " + index + " failed: it ended with status 7")));
    settings(rebuilding(writing("1, 2")));
    EXPECT_FALSE(must(rebuild(context, {})).unmet);
    EXPECT_THAT(status_now().missed, Not(Contains(HasSubstr("rebuild"))));
}

TEST_F(AfterARestore, WhatTheSettingsNoLongerBuildIsTold) {
    settings(rebuilding("true"));
    back_up();
    settings("");
    const auto report = must(restore_in_place("1"));
    EXPECT_TRUE(report.unmet);
    EXPECT_THAT(report.warnings, Contains(HasSubstr(index + " is not in the backup, and the settings no longer say how it is built")));
}

TEST_F(AfterARestore, ABackupOfBeforeItWasLeftOutIsNotConfirmed) {
    auto request = backup_request({database});
    request.purpose.operation = "migrate";
    settings("");
    must(operations::backup(context, request));
    settings(rebuilding("true"));
    const auto second = must(operations::backup(context, request));
    EXPECT_FALSE(second.confirmed_only);
    EXPECT_THAT(second.rebuilt, ElementsAre(index));
    EXPECT_TRUE(must(operations::backup(context, request)).confirmed_only);
}

TEST_F(AfterARestore, WhatDisagreesIsBuiltAgainAndLookedAtOnceMore) {
    settings(companion("rebuild = { command = '" + writing("1, 2") + "' }\n") + std::string(agreeing));
    write(index, ids("1, 2, 9"));
    let_time_pass();
    EXPECT_TRUE(back_up().unmet);
    insert(database, 1);
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(indexed(), ids("1, 2"));
    EXPECT_THAT(report.warnings, Contains(HasSubstr(index + " does not agree with the database, and is built again")));
    ASSERT_EQ(report.agreement.size(), 1u);
    EXPECT_EQ(report.agreement[0].verdict, "agrees");
    EXPECT_FALSE(report.unmet);
}

TEST_F(AfterARestore, WhatStillDisagreesIsTold) {
    settings(companion("rebuild = { command = 'echo x >> " + log + "' }\n") + std::string(agreeing));
    write(index, ids("1, 2, 9"));
    let_time_pass();
    back_up();
    insert(database, 1);
    const auto report = must(restore_in_place("1"));
    EXPECT_TRUE(report.unmet);
    EXPECT_EQ(std::string(text_of(tests::file_bytes(log))), "x\n") << "once";
    EXPECT_THAT(report.warnings, Contains(HasSubstr("agreement of " + index)));
    EXPECT_THAT(report.warnings, Contains(HasSubstr("to go back: ")));
    settings(companion("") + std::string(agreeing));
    const auto again = must(restore_in_place("1"));
    EXPECT_TRUE(again.unmet) << "nothing says how it is built";
    EXPECT_THAT(again.rebuilds, IsEmpty());
}

TEST_F(AfterARestore, ADryRunTellsWhatIsNotedAndEndsAsTheRealOne) {
    settings(companion("") + std::string(agreeing));
    write(index, ids("1, 2, 9"));
    let_time_pass();
    EXPECT_TRUE(back_up().unmet);
    insert(database, 1);
    write(index, ids("1, 2, 3"));
    let_time_pass();
    EXPECT_FALSE(back_up().unmet);
    const auto rehearsed = [&](const std::string& number, const std::vector<std::string>& only = {}) {
        auto request = restore_request(number);
        request.dry_run = true;
        request.only = only;
        return must(restore(context, request));
    };
    const auto told = rehearsed("1");
    EXPECT_TRUE(told.unmet);
    EXPECT_THAT(told.warnings, Contains(AllOf(HasSubstr("backup #1 is noted as disagreeing"), HasSubstr("agreement of " + index))));
    EXPECT_FALSE(rehearsed("2").unmet);
    EXPECT_FALSE(rehearsed("1", {database}).unmet) << "the files of today stay";
    EXPECT_TRUE(must(restore_in_place("1")).unmet);
    // What is built again may agree.
    settings(companion("rebuild = { command = '" + writing("1, 2") + "' }\n") + std::string(agreeing));
    const auto mended = rehearsed("1");
    EXPECT_FALSE(mended.unmet);
    EXPECT_THAT(mended.warnings, Contains(HasSubstr("it is built again")));
    EXPECT_FALSE(must(restore_in_place("1")).unmet);
}

TEST_F(AfterARestore, AllThatAgreesIsNotBuiltAgain) {
    settings(companion("rebuild = { command = 'echo x >> " + log + "' }\n") + std::string(agreeing));
    back_up();
    insert(database, 1);
    const auto report = must(restore_in_place("1"));
    EXPECT_FALSE(report.unmet) << report.warnings.size();
    EXPECT_EQ(report.agreement.size(), 1u);
    EXPECT_FALSE(exists(log));
}

TEST_F(AfterARestore, SmokeTestsAreTriedBehindTheHooks) {
    settings("hooks.after_restore = [{ command = 'echo hook >> " + log + "' }]\n" + testing("command = 'echo test $HOLDFAST_NUMBER $HOLDFAST_OUTCOME >> " + log + "'\n"));
    back_up();
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(std::string(text_of(tests::file_bytes(log))), "hook\ntest 1 done\n");
    ASSERT_EQ(report.smoke_tests.size(), 1u);
    EXPECT_TRUE(report.smoke_tests[0].passed);
    EXPECT_EQ(report.smoke_tests[0].test, "smoke_tests 1 (echo)");
    EXPECT_EQ(report.smoke_tests[0].attempts, 1u);
    EXPECT_FALSE(report.unmet);
    must(undo(context, {.repository = in_repository()}));
    EXPECT_THAT(std::string(text_of(tests::file_bytes(log))), HasSubstr("hook\ntest 1 done\nhook\ntest 2 done\n")) << "an undo is a restore";
}

TEST_F(AfterARestore, AnApplicationMayTakeItsTimeToStart) {
    settings(testing("command = 'echo x >> " + log + "; test $(wc -l < " + log + ") -ge 3'\ntime_limit = \"30s\"\n"));
    back_up();
    const auto report = must(restore_in_place("1"));
    EXPECT_TRUE(report.smoke_tests.at(0).passed);
    EXPECT_EQ(report.smoke_tests.at(0).attempts, 3u);
}

TEST_F(AfterARestore, OneThatDoesNotPassInItsTimeIsToldWithTheWayBack) {
    tests::HttpServer server;
    const auto get = [&](const std::string& path, const std::string& more) { return testing("get = \"" + server.url(path) + "\"\n" + more + "time_limit = \"1s\"\n"); };
    settings(get("/status/200", "") + get("/status/503", "") + get("/status/404", "status = 404\n") + get("/status/200", "contains = \"as asked\"\n") + get("/status/200", "contains = \"hits\"\n") + get("/slow", "") +
             testing("command = 'sleep 60'\ntime_limit = \"1s\"\n"));
    back_up();
    insert(database, 1);
    const auto report = must(restore_in_place("1"));
    std::string passed;
    for (const auto& result : report.smoke_tests) passed += result.passed ? "+" : "-";
    EXPECT_EQ(passed, "+-++---");
    EXPECT_THAT(report.smoke_tests.at(1).error, HasSubstr("answered 503, and 200 is expected"));
    EXPECT_GT(report.smoke_tests.at(1).attempts, 1u);
    EXPECT_THAT(report.smoke_tests.at(4).error, HasSubstr("does not hold what is expected"));
    EXPECT_TRUE(report.unmet);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("smoke_tests 2 (http://127.0.0.1:")));
    EXPECT_THAT(report.warnings, Contains(HasSubstr("to go back: holdfast restore 2")));
}

TEST_F(AfterARestore, WhoStopsTheTestsHasTheRestoreDone) {
    settings(testing("command = 'echo x >> " + log + "; sleep 60'\ntime_limit = \"60s\"\n"));
    back_up();
    const auto rows = rows_of(database);
    insert(database, 1);
    std::jthread person([this] {
        while (!exists(log)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        source.request_stop();
    });
    const auto report = must(restore_in_place("1"));
    EXPECT_FALSE(report.smoke_tests.at(0).passed);
    EXPECT_TRUE(report.unmet);
    EXPECT_EQ(rows_of(database), rows);
}

TEST_F(AfterARestore, NothingOfItIsDoneForAHook) {
    settings(rebuilding("echo x >> " + log) + testing("command = 'echo x >> " + log + "'\n"));
    back_up();
    ::setenv("HOLDFAST_EVENT", "rebuild", 1);
    EXPECT_THAT(must(restore_in_place("1")).warnings, Contains(HasSubstr("nothing was built again or tried")));
    EXPECT_FALSE(exists(log));
}

// --- holdfast rebuild ---

TEST_F(AfterARestore, ARebuildIsForcedByHand) {
    settings(rebuilding(writing("7")) + "[[source.app.companions]]\npath = \"data/other\"\nrebuild = { command = 'echo other > data/other' }\n");
    RebuildRequest one;
    one.companions = {"data/other"};
    EXPECT_EQ(must(rebuild(context, one)).rebuilds.size(), 1u);
    EXPECT_TRUE(exists(work + "/data/other"));
    EXPECT_EQ(indexed(), ids("1, 2"));
    EXPECT_EQ(must(rebuild(context, {})).rebuilds.size(), 2u);
    EXPECT_EQ(indexed(), ids("7"));
    one.companions = {"data/nothing"};
    EXPECT_THAT(rebuild(context, one), FailsWith(ErrorCode::not_found));
    one.companions.clear();
    one.source = "apq";
    const auto unknown = rebuild(context, one);
    ASSERT_THAT(unknown, FailsWith(ErrorCode::not_found));
    EXPECT_EQ(unknown.error().advice(), "--source app");
    settings("");
    EXPECT_THAT(rebuild(context, {}), FailsWith(ErrorCode::not_found));
}

TEST_F(AfterARestore, ARebuildByHttp) {
    tests::HttpServer server;
    settings(companion("keep = \"rebuild\"\nrebuild = { post = \"" + server.url("/echo/rebuild-memories") + "\" }\n"));
    const auto report = must(rebuild(context, {}));
    ASSERT_FALSE(report.unmet);
    EXPECT_THAT(report.rebuilds.at(0).output, AllOf(HasSubstr("\"method\": \"POST\""), HasSubstr("rebuild-memories"), HasSubstr("companion")));
    settings(companion("keep = \"rebuild\"\nrebuild = { post = \"" + server.url("/status/500") + "\" }\n"));
    EXPECT_TRUE(must(rebuild(context, {})).unmet);
}

TEST_F(AfterARestore, TwoRebuildsOfOneThingComeOneAfterTheOther) {
    settings(rebuilding("echo begin >> " + log + "; sleep 0.3; echo end >> " + log));
    std::jthread other([this] {
        Context own = context;
        must(rebuild(own, {}));
    });
    must(rebuild(context, {}));
    other.join();
    EXPECT_EQ(std::string(text_of(tests::file_bytes(log))), "begin\nend\nbegin\nend\n");
}

TEST_F(AfterARestore, ARunningOneIsToldAndOneThatDiedToo) {
    settings(rebuilding("echo x >> " + log + "; sleep 60"));
    std::jthread other([this] {
        Context own = context;
        static_cast<void>(rebuild(own, {}));
    });
    while (!exists(log)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    back_up();
    EXPECT_EQ(status_of_rebuilds().at(0).state, "running");
    EXPECT_THAT(status_now().missed, Not(Contains(HasSubstr("rebuild"))));
    // The same said by a process that is no more.
    const auto folder = host::state_folder() + "/rebuilds";
    std::string record;
    for (const auto& [path, text] : files_below(folder)) {
        if (path.ends_with(".json")) record = path;
    }
    std::string text(text_of(tests::file_bytes(record)));
    const auto process = host::this_process();
    auto gone = process;
    gone.start_ticks += 1;
    text.replace(text.find(process.text()), process.text().size(), gone.text());
    write(record, text);
    EXPECT_EQ(status_of_rebuilds().at(0).state, "died");
    EXPECT_THAT(status_now().missed, Contains(HasSubstr("died: it ended without telling how: holdfast rebuild ")));
    source.request_stop();
}

// --- settings ---

TEST_F(AfterARestore, SettingsThatMakeNoSenseAreRefused) {
    const auto refused = [&](const std::string& text) {
        settings(text);
        const auto done = try_backup({database});
        return done ? std::string("accepted") : done.error().text();
    };
    EXPECT_THAT(refused(companion("keep = \"rebuild\"\n")), HasSubstr("nothing is said of how it is built again"));
    EXPECT_THAT(refused(companion("keep = \"redacted\"\nrebuild = { command = 'true' }\n")), HasSubstr("is not built again"));
    EXPECT_THAT(refused(companion("keep = \"rebuilt\"\n")), HasSubstr("rebuild"));
    EXPECT_THAT(refused(companion("rebuild = { background = true }\n")), HasSubstr("the hook does nothing"));
    EXPECT_THAT(refused(testing("time_limit = \"3s\"\n")), HasSubstr("tries nothing"));
    EXPECT_THAT(refused(testing("command = 'true'\nstatus = 200\n")), HasSubstr("it is for a get"));
    EXPECT_THAT(refused(testing("get = \"ftp://x\"\n")), HasSubstr("no address of HTTP"));
    EXPECT_THAT(refused(testing("get = \"http://x\"\nstatus = 20\n")), HasSubstr("no status of HTTP"));
    EXPECT_THAT(refused("quiesce.pause = { command = 'true' }\n"), HasSubstr("resume"));
}

}  // namespace
}  // namespace holdfast::operations

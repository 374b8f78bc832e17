// An application that pauses while a backup captures its moment.
#include "holdfast/operations/quiesce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "operations/world.h"
#include "support/http_server.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Quiescing : public World {
protected:
    Quiescing() {
        ::unsetenv("HOLDFAST_EVENT");
        make_repository();
        create_database(database, 20);
        std::filesystem::create_directories(work + "/data");
        write(work + "/data/index", "1");
        let_time_pass();
        context.watch.stop = source.get_token();
        context.errors_are_json = true;
    }
    ~Quiescing() override { ::unsetenv("HOLDFAST_EVENT"); }
    void settings(const std::string& quiesce, const std::string& more = "") {
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n" + more + "[[source.app.companions]]\npath = \"data\"\n[source.app.quiesce]\n" + quiesce);
    }
    std::string saying(const std::string& key, const std::string& line, const std::string& then = "true") const {
        return format("{} = {{ command = 'echo {} >> {}; {}' }}\n", key, line, log, then);
    }
    std::string said() const { return exists(log) ? std::string(text_of(tests::file_bytes(log))) : ""; }
    const std::string log = root / "log";
    std::stop_source source;
};

TEST_F(Quiescing, PausesAroundTheMomentAndBetweenTheHooks) {
    settings(saying("pause", "pause") + saying("resume", "resume"), format("hooks.before_backup = [{{ command = 'echo before >> {0}' }}]\nhooks.after_backup = [{{ command = 'echo after >> {0}' }}]\n", log));
    const auto report = must(try_backup({database}));
    EXPECT_EQ(said(), "before\npause\nresume\nafter\n");
    ASSERT_EQ(report.hooks.size(), 4u);
    EXPECT_EQ(report.hooks[1].event, "pause");
    EXPECT_EQ(report.hooks[1].hook, "pause (echo)");
    EXPECT_EQ(report.hooks[2].event, "resume");
    EXPECT_FALSE(report.hooks_incomplete);
}

TEST_F(Quiescing, WhatIsWrittenUntilThePauseIsInTheBackupAndNothingAfterTheRelease) {
    settings(saying("pause", "pause", format("printf 2 > {}/data/index", work)) + saying("resume", "resume", format("printf 3 > {}/data/index", work)));
    const auto report = must(try_backup({database}));
    EXPECT_EQ(report.skew, "");
    must(restore_to("1", root / "out"));
    EXPECT_THAT(files_below(root / "out"), Contains(::testing::Pair(HasSubstr("/index"), "2")));
    EXPECT_EQ(std::string(text_of(tests::file_bytes(work + "/data/index"))), "3");
}

TEST_F(Quiescing, OneThatCannotPauseFailsTheBackupAndIsLetGoAllTheSame) {
    settings(saying("pause", "pause", "exit 3") + saying("resume", "resume"));
    const auto refused = try_backup({database});
    ASSERT_THAT(refused, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(refused.error().message(), HasSubstr("pause (echo): it ended with status 3"));
    EXPECT_EQ(said(), "pause\nresume\n");
    EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(Quiescing, OrIsOnlyWarnedOf) {
    settings("pause = { command = 'exit 3', on_failure = \"warn\" }\n" + saying("resume", "resume"));
    const auto report = must(try_backup({database}));
    EXPECT_THAT(report.warnings, Contains(HasSubstr("the application was not paused: pause (exit): it ended with status 3")));
    EXPECT_EQ(said(), "resume\n");
    EXPECT_FALSE(report.hooks_incomplete);
}

TEST_F(Quiescing, OneThatDoesNotAnswerHasFailedWhenItsTimeIsOver) {
    settings("pause = { command = 'sleep 60', time_limit = \"1s\" }\n" + saying("resume", "resume"));
    const auto refused = try_backup({database});
    ASSERT_THAT(refused, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(refused.error().message(), HasSubstr("did not end within its time limit"));
    EXPECT_EQ(said(), "resume\n");
}

TEST_F(Quiescing, ItIsLetGoWhenTheBackupFails) {
    settings(saying("pause", "pause", "yes x | head -c 5000 > app.db") + saying("resume", "resume"));
    EXPECT_FALSE(try_backup({database}));
    EXPECT_EQ(said(), "pause\nresume\n");
    EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(Quiescing, ItIsLetGoWhenSomebodyStopsTheBackup) {
    settings("pause = { command = '" + format("echo pause >> {}; sleep 60", log) + "' }\n" + saying("resume", "resume"));
    std::jthread person([this] {
        while (said().empty()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
        source.request_stop();
    });
    EXPECT_THAT(try_backup({database}), FailsWith(ErrorCode::cancelled));
    EXPECT_EQ(said(), "pause\nresume\n");
}

TEST_F(Quiescing, OneThatIsNotToldToGoOnMakesItIncomplete) {
    settings(saying("pause", "pause") + "resume = { command = 'exit 4' }\n");
    const auto report = must(try_backup({database}));
    EXPECT_EQ(report.number, 1u);
    EXPECT_TRUE(report.hooks_incomplete);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("the application may still pause: resume (exit): it ended with status 4")));
    settings(saying("pause", "pause") + "resume = { command = 'exit 4', on_failure = \"warn\" }\n");
    EXPECT_FALSE(must(try_backup({database})).hooks_incomplete);
}

TEST_F(Quiescing, ByHttp) {
    tests::HttpServer server;
    settings(format("pause = {{ post = \"{}\" }}\nresume = {{ post = \"{}\" }}\n", server.url("/echo/pause"), server.url("/status/500")));
    const auto report = must(try_backup({database}));
    EXPECT_THAT(report.hooks.at(0).output, HasSubstr("\\\"event\\\":\\\"pause\\\""));
    EXPECT_TRUE(report.hooks_incomplete) << "500 is no answer that it goes on";
    EXPECT_EQ(report.hooks.at(1).status, 500);
}

TEST_F(Quiescing, NothingIsPausedForWhatNeedNotBeRead) {
    settings(saying("pause", "pause") + saying("resume", "resume"));
    auto request = backup_request({database});
    request.purpose.operation = "migrate";
    must(operations::backup(context, request));
    let_time_pass();
    ::unlink(log.c_str());
    EXPECT_TRUE(must(operations::backup(context, request)).confirmed_only);
    EXPECT_EQ(said(), "");
}

TEST_F(Quiescing, NorWhenAHookRunsTheBackup) {
    settings(saying("pause", "pause") + saying("resume", "resume"));
    ::setenv("HOLDFAST_EVENT", "pause", 1);
    EXPECT_THAT(must(try_backup({database})).warnings, Contains(HasSubstr("the application was not paused")));
    EXPECT_EQ(said(), "");
}

}  // namespace
}  // namespace holdfast::operations

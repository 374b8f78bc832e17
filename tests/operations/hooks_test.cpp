#include "holdfast/operations/hooks.h"

#include <unistd.h>

#include <thread>

#include "holdfast/operations/undo.h"
#include "operations/world.h"
#include "support/http_server.h"
#include "support/variables.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const int nice_at_start = ::nice(0);  // before any backup

class Hooking : public World {
protected:
    Hooking() {
        ::unsetenv("HOLDFAST_EVENT");
        make_repository();
        create_database(database, 100);
        context.errors_are_json = true;  // what hooks print is taken into the report
        context.watch.stop = source.get_token();
    }
    ~Hooking() override { ::unsetenv("HOLDFAST_EVENT"); }

    // A command that adds a line to the log.
    Hook say(const std::string& line) const { return {.command = format("echo \"{}\" >> {}", line, log)}; }
    Hook say_and_fail(const std::string& line) const { return {.command = say(line).command + "; exit 3"}; }
    static Hook only_warning(Hook hook) {
        hook.stop_on_failure = false;
        return hook;
    }
    std::string said() const {
        const auto bytes = exists(log) ? tests::file_bytes(log) : Bytes();
        return std::string(text_of(bytes));
    }
    Result<BackupReport> back_up() {
        auto request = backup_request({database});
        request.hooks = hooks;
        request.purpose.operation = "migrate";
        return operations::backup(context, request);
    }
    Result<RestoreReport> bring_back(const std::string& to = "") {
        auto request = restore_request("1");
        request.hooks = hooks;
        request.to = to;
        return restore(context, request);
    }
    // Nobody can back up a database that is not one.
    void spoil() { write(database, std::string(5000, 'x')); }

    const std::string log = root / "log";
    Hooks hooks;
    std::stop_source source;
};

TEST_F(Hooking, RunInTheirOrderAroundABackup) {
    hooks.before_backup = {say("before 1"), say("before 2")};
    hooks.after_backup = {say("after 1"), say("after 2")};
    hooks.on_failure = {say("failed")};
    const auto report = must(back_up());
    EXPECT_EQ(said(), "before 1\nbefore 2\nafter 1\nafter 2\n");
    ASSERT_EQ(report.hooks.size(), 4u);
    EXPECT_EQ(report.hooks[1].event, "before_backup");
    EXPECT_EQ(report.hooks[1].hook, "before_backup 2 (echo)");
    EXPECT_FALSE(report.hooks_incomplete);
    EXPECT_THAT(report.warnings, Not(::testing::Contains(HasSubstr("hook"))));
}

TEST_F(Hooking, AreToldTheFacts) {
    const tests::Variable no_werror("HOLDFAST_WERROR", std::nullopt);  // scripts/test.sh reads these: no facts of a hook
    const tests::Variable no_precompile("HOLDFAST_PRECOMPILE", std::nullopt);
    const Hook tell{.command = "env | grep '^HOLDFAST_' | sort"};
    hooks.before_backup = hooks.after_backup = {tell};
    const auto report = must(back_up());
    const auto expected = [&](const std::string& event, const std::string& number, const std::string& outcome) {
        return format("HOLDFAST_DATABASE={0}\nHOLDFAST_DATABASES={0}\nHOLDFAST_ERROR=\nHOLDFAST_EVENT={1}\nHOLDFAST_NUMBER={2}\n"
                      "HOLDFAST_OPERATION=migrate\nHOLDFAST_OUTCOME={3}\nHOLDFAST_REPOSITORY={4}\nHOLDFAST_SOURCE=app.db\n",
                      database, event, number, outcome, repository);
    };
    EXPECT_EQ(report.hooks.at(0).output, expected("before_backup", "", ""));
    EXPECT_EQ(report.hooks.at(1).output, expected("after_backup", "1", "done"));
    const std::string other = work + "/other.db";
    create_database(other);
    auto both = backup_request({database, other});
    both.hooks.before_backup = {{.command = "echo \"[$HOLDFAST_DATABASE]\"; echo \"$HOLDFAST_DATABASES\""}};
    EXPECT_EQ(must(operations::backup(context, both)).hooks.at(0).output, "[]\n" + database + "\n" + other + "\n");
}

TEST_F(Hooking, AFailureBeforeStopsTheBackup) {
    hooks.before_backup = {say("stop"), say_and_fail("fails"), say("never")};
    hooks.after_backup = {say("start: $HOLDFAST_OUTCOME")};
    hooks.on_failure = {say("$HOLDFAST_EVENT: $HOLDFAST_ERROR")};
    const auto refused = back_up();
    ASSERT_THAT(refused, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(refused.error().message(), HasSubstr("before_backup 2 (echo): it ended with status 3"));
    EXPECT_EQ(said(), "stop\nfails\nstart: failed\non_failure: " + refused.error().message() + "\n");
    EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(Hooking, AWarningBeforeDoesNot) {
    hooks.before_backup = {only_warning(say_and_fail("fails")), say("goes on")};
    const auto report = must(back_up());
    EXPECT_EQ(said(), "fails\ngoes on\n");
    EXPECT_EQ(report.number, 1u);
    EXPECT_TRUE(report.hooks.at(0).failed);
    EXPECT_EQ(report.hooks.at(0).status, 3);
    EXPECT_THAT(report.warnings, ::testing::Contains(HasSubstr("before_backup 1 (echo): it ended with status 3")));
}

TEST_F(Hooking, WhatWasStoppedIsStartedAgainWhenTheBackupFails) {
    spoil();
    hooks.before_backup = {say("stop")};
    hooks.after_backup = {say("start")};
    hooks.on_failure = {say("failed")};
    auto request = backup_request({database, work + "/missing.db"});
    request.hooks = hooks;
    EXPECT_THAT(operations::backup(context, request), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(said(), "failed\n") << "it did not come to stopping anything";
    ::unlink(log.c_str());
    std::filesystem::remove(database);
    create_database(database);
    request.all_or_nothing = true;
    EXPECT_FALSE(operations::backup(context, request));
    EXPECT_EQ(said(), "stop\nstart\nfailed\n");
    ::unlink(log.c_str());
    request.hooks.before_backup.clear();
    EXPECT_FALSE(operations::backup(context, request));
    EXPECT_EQ(said(), "failed\n") << "nothing was stopped";
}

TEST_F(Hooking, AFailureAfterwardsLeavesTheBackupAndIsTold) {
    hooks.after_backup = {say_and_fail("fails"), say("runs all the same")};
    hooks.on_failure = {say("$HOLDFAST_OUTCOME: $HOLDFAST_ERROR")};
    const auto report = must(back_up());
    EXPECT_TRUE(report.hooks_incomplete);
    EXPECT_THAT(numbers(), ElementsAre(1u));
    EXPECT_EQ(said(), "fails\nruns all the same\ndone: it was done, but the hook after_backup 1 (echo): it ended with status 3\n");
    hooks.after_backup = {only_warning(say_and_fail("fails"))};
    ::unlink(log.c_str());
    EXPECT_FALSE(must(back_up()).hooks_incomplete);
    EXPECT_EQ(said(), "fails\n");
}

TEST_F(Hooking, OnFailureNeverHidesTheFailure) {
    spoil();
    hooks.on_failure = {say_and_fail("one"), {.command = "exec /nowhere/no-such-program"}, say("two")};
    EXPECT_THAT(back_up(), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(said(), "one\ntwo\n");
}

TEST_F(Hooking, AnEndlessHookIsEndedByItsLimit) {
    Hook endless{.command = "sleep 1000", .time_limit_ms = 100};
    hooks.before_backup = {endless};
    const auto refused = back_up();
    ASSERT_THAT(refused, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(refused.error().message(), HasSubstr("time limit"));
    endless.stop_on_failure = false;
    endless.time_limit_ms = 0;  // there is none without
    hooks.before_backup = {endless};
    EXPECT_EQ(must(back_up()).number, 1u);
}

TEST_F(Hooking, HasNoTerminalAndNoInputToWaitAt) {
    hooks.before_backup = {{.command = "read line; echo \"[$line]\"; (: < /dev/tty) 2>/dev/null || echo no terminal"}};
    EXPECT_EQ(must(back_up()).hooks.at(0).output, "[]\nno terminal\n");
}

TEST_F(Hooking, ReportsTheEndOfALongOutput) {
    hooks.before_backup = {{.command = "yes | head -c 100000; echo the end"}};
    const auto report = must(back_up());
    EXPECT_EQ(report.hooks.at(0).output.size(), 4096u);
    EXPECT_TRUE(report.hooks.at(0).output.ends_with("the end\n"));
}

TEST_F(Hooking, AStopEndsWhatIsBeforeAndNotWhatIsAfter) {
    hooks.before_backup = {say("stop"), {.command = format("touch {}; sleep 1000", root / "mark")}};
    hooks.after_backup = {say("start")};
    std::jthread stopping([&] {
        while (!exists(root / "mark")) context.host.clock.sleep_ms(1);
        source.request_stop();
    });
    EXPECT_THAT(back_up(), FailsWith(ErrorCode::cancelled));
    EXPECT_EQ(said(), "stop\nstart\n");
}

TEST_F(Hooking, AreLeftOutWithinAHook) {
    ::setenv("HOLDFAST_EVENT", "after_backup", 1);
    hooks.before_backup = {say("again")};
    const auto report = must(back_up());
    EXPECT_EQ(said(), "");
    EXPECT_THAT(report.warnings, ::testing::Contains(HasSubstr("left out")));
}

TEST_F(Hooking, AHookHasACommandOrAnAddress) {
    hooks.before_backup = {{}};
    EXPECT_THAT(back_up().error().message(), HasSubstr("neither"));
    hooks.before_backup = {{.command = "true", .post = "http://127.0.0.1/"}};
    EXPECT_THAT(back_up().error().message(), HasSubstr("both"));
}

TEST_F(Hooking, NamesNoArguments) {
    hooks.before_backup = {{.command = "TOKEN=hunter2 false hunter2"}};
    const auto text = back_up().error().text();
    EXPECT_THAT(text, HasSubstr("(false)"));
    EXPECT_THAT(text, Not(HasSubstr("hunter2")));
}

TEST_F(Hooking, RunAroundARestoreInPlaceOnly) {
    must(back_up());
    insert(database, 10);
    hooks.before_restore = {say("stop $HOLDFAST_NUMBER $HOLDFAST_DATABASE")};
    hooks.after_restore = {say("start $HOLDFAST_OUTCOME")};
    hooks.before_backup = {say("never")};
    must(bring_back(root / "copy.db"));
    EXPECT_EQ(said(), "");
    const auto report = must(bring_back());
    EXPECT_EQ(said(), "stop 1 " + database + "\nstart done\n");
    EXPECT_EQ(report.hooks.size(), 2u);
}

TEST_F(Hooking, TheApplicationIsStoppedBeforeTheRestoreIsPlanned) {
    must(back_up());
    spoil();  // a swap, which nobody may have open
    const std::string pid = root / "pid";
    const pid_t reader = ::fork();
    if (reader == 0) {
        static_cast<void>(!::freopen(database.c_str(), "r", stdin));
        ::pause();
        ::_exit(0);
    }
    while (must(files.read_link(format("/proc/{}/fd/0", reader))) != database) context.host.clock.sleep_ms(1);
    EXPECT_THAT(bring_back(), FailsWith(ErrorCode::busy));
    hooks.before_restore = {{.command = format("kill -9 {0}; while grep -q '^State:.[^Z]' /proc/{0}/status; do :; done", reader)}};
    EXPECT_THAT(bring_back(), Succeeds());
    ::waitpid(reader, nullptr, 0);
}

TEST_F(Hooking, NothingIsStoppedBeforeThePersonAskedHasAgreed) {
    struct Asked final : Person {
        Result<bool> agrees(const std::string&) override { return answer; }
        Result<std::string> words(const std::string&) override { return std::string(); }
        bool answer = false;
    } person;
    must(back_up());
    insert(database, 10);
    hooks.before_restore = {say("stop")};
    hooks.on_failure = {say("failed")};
    context.person = &person;
    EXPECT_THAT(bring_back(), FailsWith(ErrorCode::cancelled));
    EXPECT_EQ(said(), "") << "nor has anything failed";
    person.answer = true;
    EXPECT_THAT(bring_back(), Succeeds());
    EXPECT_EQ(said(), "stop\n");
}

TEST_F(Hooking, APlanThatIsRefusedStopsNothing) {
    must(back_up());
    std::filesystem::remove(database);
    create_database(database, 10, {.mode = "delete", .page_size = 8192});  // another page size: only with --offline
    hooks.before_restore = {say("stop")};
    hooks.on_failure = {say("failed")};
    EXPECT_FALSE(bring_back());
    EXPECT_EQ(said(), "failed\n");
}

TEST_F(Hooking, AnUndoHasThemToo) {
    must(back_up());
    insert(database, 10);
    must(bring_back());
    UndoRequest request;
    request.repository = in_repository();
    request.hooks = {.before_restore = {say("stop")}, .after_restore = {say("start")}};
    must(undo(context, request));
    EXPECT_EQ(said(), "stop\nstart\n");
}

TEST_F(Hooking, AFailedRestoreStartsTheApplicationAgain) {
    must(back_up());
    insert(database, 10);
    hooks.before_restore = {say("stop")};
    hooks.after_restore = {say("start $HOLDFAST_OUTCOME")};
    hooks.on_failure = {say("failed")};
    files.read_only = {repository, work + "/.holdfast-safety"};  // no place for a safety backup
    EXPECT_FALSE(bring_back());
    EXPECT_EQ(said(), "stop\nstart failed\nfailed\n");
}

TEST_F(Hooking, APostTellsTheFactsAsJson) {
    tests::HttpServer server;
    hooks.after_backup = {{.post = server.url("/echo")}, {.post = server.url("/echo"), .body = "{\"mine\":1}"}};
    const auto report = must(back_up());
    ASSERT_EQ(report.hooks.size(), 2u);
    EXPECT_EQ(report.hooks[0].status, 200);
    EXPECT_THAT(report.hooks[0].hook, HasSubstr("http://127.0.0.1:"));
    const auto asked = must(Json::parse(report.hooks[0].output));
    EXPECT_EQ(*asked.find("method")->as_text(), "POST");
    const auto body = must(Json::parse(*asked.find("body")->as_text()));
    EXPECT_EQ(*body.find("event")->as_text(), "after_backup");
    EXPECT_EQ(must(body.find("number")->as_integer()), 1);
    EXPECT_EQ(*body.find("source")->as_text(), "app.db");
    EXPECT_EQ(*body.find("outcome")->as_text(), "done");
    EXPECT_EQ(body.find("databases")->to_text(), format("[\"{}\"]", database));
    const auto mine = must(Json::parse(report.hooks[1].output));
    EXPECT_EQ(*mine.find("body")->as_text(), "{\"mine\":1}");
}

TEST_F(Hooking, APostThatAnnouncesSuccessIsNotSentOnFailure) {
    tests::HttpServer server;
    hooks.before_backup = {{.command = "false"}};
    hooks.after_backup = {{.post = "http://127.0.0.1:1/"}, say("start")};
    hooks.on_failure = {{.post = server.url("/status/200")}};
    EXPECT_FALSE(back_up());
    EXPECT_EQ(said(), "start\n");
    hooks.before_backup = {{.post = server.url("/status/503")}};
    EXPECT_THAT(back_up().error().message(), HasSubstr("answered with status 503"));
    hooks.before_backup = {{.post = server.url("/slow"), .time_limit_ms = 100}};
    EXPECT_THAT(back_up(), FailsWith(ErrorCode::unavailable));
}

TEST_F(Hooking, DoNotInheritTheLowPriorityOfABackup) {
    hooks.before_backup = hooks.after_backup = {{.command = "nice"}};
    const auto ours = format("{}\n", nice_at_start);
    const auto report = must(back_up());
    for (const auto& run : report.hooks) EXPECT_EQ(run.output, ours) << "an application that is started again would be slow for ever";
}

}  // namespace
}  // namespace holdfast::operations

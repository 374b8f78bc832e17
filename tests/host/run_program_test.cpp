#include "holdfast/host/run_program.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/console.h"
#include "holdfast/host/file_system.h"
#include "holdfast/host/proc.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;
using ::testing::HasSubstr;
using ::testing::Not;

ProgramOrder shell(const std::string& command) {
    ProgramOrder order;
    order.words = shell_words(command);
    return order;
}

struct Printed {
    ProgramEnd end;
    std::string text;
};
Printed run(ProgramOrder order) {
    Printed printed;
    if (order.output == ProgramOutput::inherited) order.output = ProgramOutput::taken;
    order.take = [&](ByteView more) {
        printed.text += text_of(more);
        return true;
    };
    printed.end = must(run_program(order));
    return printed;
}
std::string printed_by(const std::string& command) { return run(shell(command)).text; }

bool is_running(std::int64_t process) {
    const auto stat = stat_of_process(process);
    return stat && stat->state != 'Z';
}
// What was killed may still be seen for a moment; what was not stays for minutes.
bool ends_soon(std::int64_t process) {
    for (int turn = 0; turn < 1000 && is_running(process); ++turn) system_clock().sleep_ms(10);
    return !is_running(process);
}

// A file in which a program says that it has come so far.
class Mark {
public:
    const std::string& path() const { return path_; }
    std::string text() const {
        const auto bytes = read_file(posix_file_system(), path_, 4096);
        return bytes ? std::string(text_of(*bytes)) : "";
    }
    std::string wait_for_line() const {
        while (text().find('\n') == std::string::npos) system_clock().sleep_ms(2);
        return std::string(trim(text()));
    }

private:
    TemporaryFolder folder_;
    std::string path_ = folder_ / "mark";
};

// In a process of its own, for what concerns all of one: its streams, its signals. The function's text comes back.
std::string in_a_process(const std::function<std::string()>& function) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        const int answer = ::fcntl(ends[1], F_DUPFD_CLOEXEC, 100);
        ::close(ends[0]);
        ::close(ends[1]);
        const std::string text = function();
        static_cast<void>(!::write(answer, text.data(), text.size()));
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    char letter = 0;
    while (::read(ends[0], &letter, 1) == 1) text += letter;
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return text;
}

TEST(RunProgram, TellsHowItEnded) {
    EXPECT_TRUE(run(shell("true")).end.is_success());
    const auto failed = run(shell("exit 3")).end;
    EXPECT_EQ(failed.status, 3);
    EXPECT_EQ(failed.exit_code(), 3);
    EXPECT_EQ(failed.text(), "ended with status 3");
    const auto killed = run(shell("kill -9 $$")).end;
    EXPECT_EQ(killed.signal, 9);
    EXPECT_EQ(killed.exit_code(), 137);
    EXPECT_FALSE(killed.is_success());
    EXPECT_EQ(killed.text(), "was ended by signal 9 (KILL)");
}

TEST(RunProgram, WordsArriveUntouched) {
    ProgramOrder order;
    order.words = {"printf", "[%s]", "a b", "", "$HOME", "*", "it's", "--", "\xff\n"};
    EXPECT_EQ(run(order).text, "[a b][][$HOME][*][it's][--][\xff\n]");
}

TEST(RunProgram, FailsToStartWithoutItsArguments) {
    const TemporaryFolder folder;
    std::ofstream(folder / "plain") << "text";
    std::ofstream(folder / "nothing") << "text";
    std::filesystem::permissions(folder / "nothing", std::filesystem::perms::owner_all);
    const auto start = [](std::string program) { return run_program({.words = {std::move(program), "hunter2"}}); };
    EXPECT_THAT(start("holdfast-has-no-such-program"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(start(folder / "missing"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(start(folder / "plain"), FailsWith(ErrorCode::denied));
    EXPECT_THAT(start(folder / "nothing"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(start(""), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(run_program({}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(start("holdfast-has-no-such-program").error().text(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(run_program({.words = {"echo", std::string("a\0b", 3)}}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(run_program({.words = {"true"}, .folder = folder / "missing"}), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(run_program({.words = {"true"}, .folder = folder / "plain"}), FailsWith(ErrorCode::not_found));
}

TEST(RunProgram, EnvironmentIsAddedAndReplaced) {
    ::setenv("HOLDFAST_TEST_OLD", "old", 1);
    ::setenv("HOLDFAST_TEST_KEPT", "kept", 1);
    auto order = shell("echo \"$HOLDFAST_TEST_OLD $HOLDFAST_TEST_NEW $HOLDFAST_TEST_KEPT\"; env | grep -c ^HOLDFAST_TEST_OLD=");
    order.environment = {{"HOLDFAST_TEST_OLD", "a=b"}, {"HOLDFAST_TEST_NEW", "two\nlines"}};
    EXPECT_EQ(run(order).text, "a=b two\nlines kept\n1\n");
    order.environment = {{"A=B", "c"}};
    EXPECT_THAT(run_program(order), FailsWith(ErrorCode::invalid));
    ::unsetenv("HOLDFAST_TEST_OLD");
    ::unsetenv("HOLDFAST_TEST_KEPT");
}

TEST(RunProgram, RunsInAFolder) {
    const TemporaryFolder folder;
    auto order = shell("pwd -P");
    order.folder = folder.path();
    EXPECT_EQ(run(order).text, std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST(RunProgram, InputIsEmptyUnlessItIsInherited) {
    EXPECT_EQ(printed_by("cat; echo done"), "done\n");
    const auto text = in_a_process([] {
        int ends[2];
        if (::pipe(ends) != 0 || ::write(ends[1], "typed", 5) != 5) return std::string("no pipe");
        ::close(ends[1]);
        ::dup2(ends[0], STDIN_FILENO);
        auto order = shell("cat");
        order.input = ProgramInput::inherited;
        return run(order).text;
    });
    EXPECT_EQ(text, "typed");
}

TEST(RunProgram, OutputGoesWhereItIsWanted) {
    const auto with = [](ProgramOutput output) {
        return in_a_process([output] {
            int out[2], err[2];
            if (::pipe(out) != 0 || ::pipe(err) != 0) return std::string("no pipe");
            ::dup2(out[1], STDOUT_FILENO);
            ::dup2(err[1], STDERR_FILENO);
            auto order = shell("printf out; printf err >&2");
            order.output = output;
            std::string taken;
            order.take = [&](ByteView more) { return taken += text_of(more), true; };
            must(run_program(order));
            for (const int end : {out[1], err[1], STDOUT_FILENO, STDERR_FILENO}) ::close(end);
            const auto all_of = [](int end) {
                std::string text(100, ' ');
                const auto got = ::read(end, text.data(), text.size());
                return text.substr(0, static_cast<std::size_t>(got));
            };
            return all_of(out[0]) + "|" + all_of(err[0]) + "|" + taken;
        });
    };
    EXPECT_EQ(with(ProgramOutput::inherited), "out|err|");
    EXPECT_EQ(with(ProgramOutput::to_errors), "|outerr|");
    EXPECT_EQ(with(ProgramOutput::taken), "|err|out");
    EXPECT_EQ(with(ProgramOutput::taken_with_errors), "||outerr");
}

TEST(RunProgram, WorksWithoutStandardStreams) {
    const auto text = in_a_process([] {
        for (const int stream : {0, 1, 2}) ::close(stream);
        const int in_its_place = ::open("/dev/full", O_RDWR | O_CLOEXEC);  // a file of ours gets number 0
        auto order = shell("cat; echo out; echo err >&2; for n in 0 1 2; do readlink /proc/$$/fd/$n; done");
        order.input = ProgramInput::inherited;
        order.output = ProgramOutput::taken;
        const auto taken = run(order);
        order.output = ProgramOutput::taken_with_errors;
        const auto both = run(shell("exec 2>&1; cat <&0; echo both; echo failing >&2"));
        auto lost = shell("cat; echo nothing && echo nothing >&2");
        lost.input = ProgramInput::inherited;
        const bool lost_well = must(run_program(lost)).is_success();
        return format("{}|{}|{}|{}|{}", in_its_place, taken.end.text(), taken.text, both.text, lost_well);
    });
    EXPECT_THAT(text, ::testing::StartsWith("0|ended with status 0|out\n/dev/null\npipe:"));
    EXPECT_THAT(text, HasSubstr("]\n/dev/null\n|both\nfailing\n|true"));
}

TEST(RunProgram, AFloodOfOutputNeitherBlocksNorFillsMemory) {
    OutputTail tail(4096);
    auto order = shell("dd if=/dev/zero bs=1M count=64 2>/dev/null | tr '\\0' 'x'; echo end");
    order.output = ProgramOutput::taken;
    order.take = [&](ByteView more) { return tail.take(more); };
    EXPECT_TRUE(must(run_program(order)).is_success());
    EXPECT_EQ(tail.text().size(), 4096u);
    EXPECT_TRUE(tail.text().ends_with("xxx\nend\n") || tail.text().ends_with("xxxend\n"));
    EXPECT_EQ(tail.dropped() + tail.text().size(), 64u * 1024 * 1024 + 4);
}

TEST(RunProgram, RefusedOutputEndsIt) {
    auto order = shell("yes");
    order.output = ProgramOutput::taken;
    std::size_t taken = 0;
    order.take = [&](ByteView more) { return (taken += more.size()) < 100'000; };
    const auto end = must(run_program(order));
    EXPECT_EQ(end.ending, ProgramEnding::output_refused);
    EXPECT_EQ(end.signal, SIGTERM);
    EXPECT_LT(taken, 400'000u) << "nothing is handed over after a refusal";
}

TEST(RunProgram, TheTimeLimitEndsGrandchildrenToo) {
    const Mark mark;
    auto order = shell(format("sleep 1000 & echo $! > '{}'; wait", mark.path()));
    order.time_ms_max = 300;
    const auto end = must(run_program(order));
    EXPECT_EQ(end.ending, ProgramEnding::time_limit);
    EXPECT_FALSE(end.is_success());
    EXPECT_THAT(end.text(), HasSubstr("time limit"));
    EXPECT_TRUE(ends_soon(std::stoll(mark.wait_for_line())));
}

TEST(RunProgram, WhoIgnoresSigtermIsKilledAfterTheGrace) {
    const Mark mark;
    auto order = shell(format("(trap '' TERM; echo $$ > '{0}'; sh -c 'echo $PPID > \"{0}\"; while :; do sleep 0.1; done') & wait", mark.path()));
    order.time_ms_max = 300;
    order.grace_ms = 200;
    const auto end = must(run_program(order));
    EXPECT_EQ(end.ending, ProgramEnding::time_limit);
    EXPECT_TRUE(ends_soon(std::stoll(mark.wait_for_line())));
    auto deaf = shell("trap '' TERM; while :; do sleep 0.1; done");
    deaf.time_ms_max = 200;
    deaf.grace_ms = 100;
    EXPECT_EQ(must(run_program(deaf)).signal, SIGKILL);
}

TEST(RunProgram, AGrandchildHasItsGraceWhenTheShellIsGoneAlready) {
    const Mark mark;
    // The shell ends at once; the other one needs a moment to put things in order.
    auto order = shell(format("sh -c \"trap 'sleep 0.3; echo tidy > {}; exit' TERM; while :; do sleep 0.05; done\" & wait", mark.path()));
    order.time_ms_max = 400;
    order.grace_ms = 60'000;
    must(run_program(order));
    EXPECT_EQ(mark.text(), "tidy\n");
}

TEST(RunProgram, AStopEndsIt) {
    const Mark mark;
    std::stop_source source;
    auto order = shell(format("echo started > '{}'; sleep 1000", mark.path()));
    order.stop = source.get_token();
    std::jthread stopping([&] {
        mark.wait_for_line();
        source.request_stop();
    });
    const auto end = must(run_program(order));
    EXPECT_EQ(end.ending, ProgramEnding::stopped);
    EXPECT_EQ(end.signal, SIGTERM);
    EXPECT_EQ(must(run_program(order)).ending, ProgramEnding::stopped) << "asked for before it started";
}

TEST(RunProgram, WhoIsLeftBehindIsNotWaitedForAndLives) {
    auto order = shell("sleep 1000 & echo $!");
    order.output = ProgramOutput::taken_with_errors;
    order.time_ms_max = 500'000;
    const auto left = std::stoll(run(order).text);
    EXPECT_TRUE(is_running(left)) << "a hook may start the application";
    EXPECT_EQ(::kill(static_cast<pid_t>(left), SIGKILL), 0);
    // One that writes without end into the pipe it has inherited.
    const auto noisy = run(shell("yes & sleep 0.05"));
    EXPECT_LT(noisy.end.duration_ms, 60'000);
}

TEST(RunProgram, HasASessionOfItsOwnUnlessItMayAsk) {
    const auto session_of = [](ProgramPlace place) {
        auto order = shell("cut -d' ' -f5,6 /proc/$$/stat; echo $$");
        order.place = place;
        std::istringstream text(run(order).text);
        std::int64_t group = 0, session = 0, process = 0;
        text >> group >> session >> process;
        return std::array{group == process, session == process, group == ::getpgrp()};
    };
    EXPECT_EQ(session_of(ProgramPlace::apart), (std::array{true, true, false}));
    EXPECT_EQ(session_of(ProgramPlace::beside), (std::array{false, false, true}));
    EXPECT_EQ(printed_by("(: </dev/tty) 2>/dev/null && echo terminal || echo none"), "none\n") << "nothing to wait at";
}

TEST(RunProgram, TheLimitOfOneBesideUsEndsItAlone) {
    auto order = shell("exec sleep 1000");
    order.place = ProgramPlace::beside;
    order.time_ms_max = 50;
    EXPECT_EQ(must(run_program(order)).signal, SIGTERM);  // and this process is still here
}

TEST(RunProgram, SignalsAreDefaultAndUnblocked) {
    const auto text = in_a_process([] {
        ::signal(SIGPIPE, SIG_IGN);
        ::signal(SIGUSR1, SIG_IGN);  // as by nohup: somebody else's wish
        sigset_t some;
        ::sigemptyset(&some);
        ::sigaddset(&some, SIGTERM);
        ::sigaddset(&some, SIGUSR2);
        ::sigprocmask(SIG_BLOCK, &some, nullptr);
        return printed_by("grep -E '^Sig(Blk|Ign)' /proc/self/status");
    });
    EXPECT_THAT(text, HasSubstr("SigBlk:\t0000000000000000\n"));
    const auto ignored = std::stoull(text.substr(text.find("SigIgn:") + 7), nullptr, 16);
    const auto bit = [](int signal) { return 1ull << (signal - 1); };
    EXPECT_EQ(ignored & (bit(SIGUSR1) | bit(SIGPIPE) | bit(SIGTERM)), bit(SIGUSR1));
}

TEST(RunProgram, IgnoredSigchldDoesNotLoseTheStatus) {
    const auto text = in_a_process([] {
        ::signal(SIGCHLD, SIG_IGN);
        return must(run_program(shell("exit 7"))).text();
    });
    EXPECT_EQ(text, "ended with status 7");
}

TEST(RunProgram, NoDescriptorOfOursIsLeakedAndGivenOnesAreKept) {
    const TemporaryFolder folder;
    std::ofstream(folder / "given") << "given";
    const int given = ::open((folder / "given").c_str(), O_RDONLY);
    std::set<std::string> expected = {"0", "1", "2"};
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        const int flags = ::fcntl(std::stoi(entry.path().filename()), F_GETFD);
        if (flags != -1 && (flags & FD_CLOEXEC) == 0) expected.insert(entry.path().filename());
    }
    EXPECT_TRUE(expected.contains(std::to_string(given)));
    std::set<std::string> found;
    for (const auto& line : split(trim(printed_by("ls /proc/$$/fd")), '\n')) found.insert(line);
    EXPECT_EQ(found, expected) << "the pipe's other end, for one, would keep it from ending";
    ::close(given);
    const auto before = std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
    for (int turn = 0; turn < 20; ++turn) printed_by("true");
    EXPECT_THAT(run_program({.words = {"/nowhere"}, .output = ProgramOutput::taken}), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}), before);
    EXPECT_LE(::waitpid(-1, nullptr, WNOHANG), 0) << "a zombie is left";
}

TEST(RunProgram, ManyThreadsRunTheirOwn) {
    constexpr int threads_count = 8, turns = 25;
    std::atomic<int> right = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < threads_count; ++thread) {
            threads.emplace_back([&, thread] {
                for (int turn = 0; turn < turns; ++turn) {
                    auto order = shell(format("printf {}.{}; exit {}", thread, turn, thread));
                    order.time_ms_max = 100'000;
                    const auto printed = run(order);
                    if (printed.text == format("{}.{}", thread, turn) && printed.end.status == thread) ++right;
                }
            });
        }
    }
    EXPECT_EQ(right, threads_count * turns);
}

// --- in the foreground ---

ProgramOrder in_foreground(const std::string& command) {
    auto order = shell(command);
    order.place = ProgramPlace::foreground;
    return order;
}

TEST(Foreground, SigtermAndSighupArePassedOnAndStopNothingElse) {
    for (const int signal : {SIGTERM, SIGHUP, SIGINT}) {
        const auto text = in_a_process([signal] {
            ::setpgid(0, 0);
            const auto stop = stop_on_signals();
            const Mark mark;
            const pid_t us = ::getpid();
            std::jthread sender([&] {
                mark.wait_for_line();
                ::kill(us, signal);  // to us alone, as from another program
            });
            const auto end = must(run_program(in_foreground(format("echo started > '{}'; exec sleep 1000", mark.path()))));
            sender.join();
            return format("{} {} {}", end.text(), stop.stop_requested(), stopping_signal());
        });
        EXPECT_EQ(text, format("was ended by signal {} ({}) false 0", signal, ::sigabbrev_np(signal)));
    }
}

TEST(Foreground, AfterItsEndSignalsAreOursAgain) {
    const auto text = in_a_process([] {
        const auto stop = stop_on_signals();
        must(run_program(in_foreground("true")));
        ::kill(::getpid(), SIGTERM);
        while (!stop.stop_requested()) system_clock().sleep_ms(1);
        return format("{}", stopping_signal());
    });
    EXPECT_EQ(text, "15");
}

TEST(Foreground, SigquitIsTheChildsAndOurDispositionComesBack) {
    const auto text = in_a_process([] {
        ::setpgid(0, 0);
        const auto stop = stop_on_signals();
        const auto end = must(run_program(in_foreground("ulimit -c 0; kill -QUIT 0; sleep 1000")));  // its group is ours
        struct sigaction now {};
        ::sigaction(SIGQUIT, nullptr, &now);
        return format("{} {} {}", end.signal, now.sa_handler == SIG_DFL, stop.stop_requested());
    });
    EXPECT_EQ(text, "3 true false");
}

TEST(Foreground, WithoutAWatchingThreadInterruptsAreTheChildsToo) {
    const auto text = in_a_process([] {
        ::setpgid(0, 0);
        const auto end = must(run_program(in_foreground("kill -INT 0; sleep 1000")));
        struct sigaction now {};
        ::sigaction(SIGINT, nullptr, &now);
        return format("{} {}", end.signal, now.sa_handler == SIG_DFL);
    });
    EXPECT_EQ(text, "2 true");
}

}  // namespace
}  // namespace holdfast::host

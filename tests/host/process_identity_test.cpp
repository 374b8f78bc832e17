#include "holdfast/host/process_identity.h"

#include <sys/wait.h>
#include <unistd.h>

#include "holdfast/host/proc.h"
#include "support/results.h"

namespace holdfast::host {
namespace {

using namespace tests;

TEST(ProcessIdentity, OfThisProcessIsFullAndAlive) {
    const auto me = this_process();
    EXPECT_EQ(me.process, ::getpid());
    EXPECT_GT(me.start_ticks, 0u);
    EXPECT_EQ(me.boot_id.size(), 36u);
    EXPECT_GT(me.pid_namespace, 0u);
    EXPECT_EQ(is_alive(me), Alive::yes);
}

TEST(ProcessIdentity, GoesThroughText) {
    const auto me = this_process();
    EXPECT_EQ(must(ProcessIdentity::parse(me.text())), me);
    const ProcessIdentity bare{.process = 7, .start_ticks = 8, .boot_id = "b-1", .machine_id = "", .pid_namespace = 9};
    EXPECT_EQ(bare.text(), "7.8.b-1..9");
    EXPECT_EQ(must(ProcessIdentity::parse("7.8.b-1..9")), bare);
}

TEST(ProcessIdentity, OutOfOtherTextIsRefused) {
    for (const auto* text : {"", "1", "1.2.3.4", "1.2.3.4.5.6", "x.2.a.b.5", "1.x.a.b.5", "1.2.a.b.x", "0.2.a.b.5",
                             "-1.2.a.b.5", "1.2.a/b.c.5", " 1.2.a.b.5"}) {
        EXPECT_THAT(ProcessIdentity::parse(text), FailsWith(ErrorCode::corrupt)) << text;
    }
    EXPECT_THAT(ProcessIdentity::parse("1.2." + std::string(300, 'a') + ".b.5"), FailsWith(ErrorCode::corrupt));
}

TEST(IsAlive, AnEndedProcessIsNot) {
    auto child_identity = this_process();
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    child_identity.process = child;
    child_identity.start_ticks = stat_of_process(child)->start_ticks;
    EXPECT_EQ(is_alive(child_identity), Alive::yes);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
    EXPECT_EQ(is_alive(child_identity), Alive::no) << "a zombie";
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    EXPECT_EQ(is_alive(child_identity), Alive::no);
}

TEST(IsAlive, ANumberGivenToAnotherIsNot) {
    auto other = this_process();
    other.start_ticks -= 1;
    EXPECT_EQ(is_alive(other), Alive::no);
}

TEST(IsAlive, AnotherStartOfThisMachineIsNotAndAnotherMachineIsUnknown) {
    auto before = this_process();
    before.boot_id.back() = before.boot_id.back() == '0' ? '1' : '0';
    before.machine_id = this_process().machine_id;
    EXPECT_EQ(is_alive(before), before.machine_id.empty() ? Alive::unknown : Alive::no);
    auto elsewhere = before;
    elsewhere.machine_id = "0123";
    EXPECT_EQ(is_alive(elsewhere), Alive::unknown);
    auto nameless = before;
    nameless.machine_id = "";
    EXPECT_EQ(is_alive(nameless), Alive::unknown);
    auto contained = this_process();
    contained.pid_namespace += 1;
    EXPECT_EQ(is_alive(contained), Alive::unknown);
}

TEST(StatOfProcess, SurvivesAnEvilName) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::execl("/bin/sh", "sh", "-c", "printf 'a) R 1 (' > /proc/self/comm; kill -STOP $$", nullptr);
        ::_exit(1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, WUNTRACED), child);
    const auto stat = stat_of_process(child);
    const auto name = read_proc("/proc/" + std::to_string(child) + "/comm");
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ASSERT_TRUE(name && stat);
    EXPECT_EQ(*name, "a) R 1 (\n");
    EXPECT_EQ(stat->state, 'T');
    EXPECT_GE(stat->start_ticks, stat_of_process(::getpid())->start_ticks);
}

}  // namespace
}  // namespace holdfast::host

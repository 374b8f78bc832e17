#include "holdfast/host/clock.h"

#include <stdlib.h>
#include <time.h>

#include <optional>
#include <string>

#include "holdfast/host/environment.h"
#include "support/results.h"

namespace holdfast::host {
namespace {

using namespace tests;

TEST(SystemClock, TellsTheTimeAndNeverGoesBack) {
    // Not time(2), which lags behind by as much as a tick of the kernel.
    const auto kernel_ns = [] {
        timespec now{};
        EXPECT_EQ(::clock_gettime(CLOCK_REALTIME, &now), 0);
        return now.tv_sec * nanoseconds_per_second + now.tv_nsec;
    };
    const auto before = kernel_ns();
    const auto now = system_clock().now();
    EXPECT_GE(now.nanoseconds, before);
    EXPECT_LE(now.nanoseconds, kernel_ns());
    const auto first = system_clock().monotonic_ns();
    EXPECT_LE(first, system_clock().monotonic_ns());
}

TEST(SystemClock, SleepsAtLeastAsLongAsAsked) {
    const Stopwatch watch(system_clock());
    system_clock().sleep_ms(20);
    EXPECT_GE(watch.ms(), 20.0);
    system_clock().sleep_ms(-5);
}

class LocalTime : public ::testing::Test {
protected:
    LocalTime() : before_(environment("TZ")) {
        ::setenv("TZ", "Europe/Berlin", 1);
    }
    ~LocalTime() override {
        if (before_) ::setenv("TZ", before_->c_str(), 1);
        else ::unsetenv("TZ");
        ::tzset();
    }
    static Timestamp utc(int month, int day, int hour, int minute) {
        return must(timestamp_of({2026, month, day, hour, minute}, 0));
    }
    static Timestamp local(int month, int day, int hour, int minute) {
        return must(local_to_utc({2026, month, day, hour, minute}));
    }

private:
    std::optional<std::string> before_;
};

TEST_F(LocalTime, OffsetFollowsTheSeason) {
    EXPECT_EQ(local_offset_s(utc(1, 15, 12, 0)), 3600);
    EXPECT_EQ(local_offset_s(utc(7, 15, 12, 0)), 7200);
}

TEST_F(LocalTime, BecomesUtc) {
    EXPECT_EQ(local(1, 15, 12, 0), utc(1, 15, 11, 0));
    EXPECT_EQ(local(7, 15, 0, 30), utc(7, 14, 22, 30));
}

TEST_F(LocalTime, ThatOccursTwiceIsTheLaterOne) {
    EXPECT_EQ(local(10, 25, 2, 30), utc(10, 25, 1, 30));
    EXPECT_EQ(local(10, 25, 1, 59), utc(10, 24, 23, 59));
    EXPECT_EQ(local(10, 25, 3, 0), utc(10, 25, 2, 0));
}

TEST_F(LocalTime, ThatIsSkippedIsAsFarAfterTheJump) {
    EXPECT_EQ(local(3, 29, 2, 30), utc(3, 29, 1, 30)) << "which is 03:30";
    EXPECT_EQ(local(3, 29, 1, 59), utc(3, 29, 0, 59));
    EXPECT_EQ(local(3, 29, 3, 0), utc(3, 29, 1, 0));
}

TEST_F(LocalTime, ThatIsNoDateIsRefused) {
    EXPECT_THAT(local_to_utc({2026, 2, 30}), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::host

#include "holdfast/operations/schedule_time.h"

#include "holdfast/base/text.h"
#include "support/results.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using tests::FailsWith;
using tests::must;

std::string cron_of(const std::string& text) { return must(parse_schedule_time(text, 4)).cron_line(); }
std::vector<std::string> calendar_of(const std::string& text) { return must(parse_schedule_time(text, 4)).on_calendar(); }

Timestamp utc(int month, int day, int hour, int minute) {
    return must(timestamp_of({.year = 2026, .month = month, .day = day, .hour = hour, .minute = minute}, 0));
}

TEST(ScheduleTimes, AreReadAsPeopleWriteThem) {
    EXPECT_EQ(cron_of("hourly"), "0 * * * *");
    EXPECT_EQ(cron_of("daily"), "0 4 * * *");
    EXPECT_EQ(cron_of("daily 02:30"), "30 2 * * *");
    EXPECT_EQ(cron_of("weekly"), "0 4 * * 0");
    EXPECT_EQ(cron_of("Weekly Sun 03:00"), "0 3 * * 0");
    EXPECT_EQ(cron_of("weekly monday 3:05"), "5 3 * * 1");
    EXPECT_EQ(cron_of("weekly mon-fri"), "0 4 * * 1-5");
    EXPECT_EQ(cron_of("monthly"), "0 4 1 * *");
    EXPECT_EQ(cron_of("monthly 15 23:59"), "59 23 15 * *");
    EXPECT_EQ(cron_of("30  2 * *  *"), "30 2 * * *");
    EXPECT_EQ(cron_of("*/20 8-18/5 1,15 jan,Jul fri-7"), "0,20,40 8,13,18 1,15 1,7 0,5,6");
    EXPECT_EQ(cron_of("5/20 0 29 2 *"), "5,25,45 0 29 2 *");
}

TEST(ScheduleTimes, WhatSaysNoTimeIsRefused) {
    for (const char* wrong : {"", "soon", "daily 24:00", "daily 2", "hourly 02:30", "weekly 3", "monthly sun", "monthly 32", "60 * * * *", "* * * *", "* * 0 * *", "* * * * 8",
                              "5-1 * * * *", "*/0 * * * *", "0 0 30 2 *", "* * * * * *", "daily daily", "1,,2 * * * *", "-1 * * * *"}) {
        EXPECT_THAT(parse_schedule_time(wrong, 4), FailsWith(ErrorCode::invalid)) << wrong;
    }
}

TEST(ScheduleTimes, AreSaidToSystemd) {
    EXPECT_THAT(calendar_of("hourly"), ElementsAre("*-*-* *:0:00"));
    EXPECT_THAT(calendar_of("daily 02:30"), ElementsAre("*-*-* 2:30:00"));
    EXPECT_THAT(calendar_of("weekly sun 03:00"), ElementsAre("Sun *-*-* 3:0:00"));
    EXPECT_THAT(calendar_of("0 4 1-3,15 * 1,2"), ElementsAre("*-*-1..3,15 4:0:00", "Mon,Tue *-*-* 4:0:00"));
}

TEST(ScheduleTimes, AreDueWhenTheCalendarSaysSo) {
    const auto zone = host::TimeZone::utc();
    const auto nightly = must(parse_schedule_time("daily 02:30", 4));
    EXPECT_EQ(last_due(nightly, utc(5, 10, 2, 30), zone), utc(5, 10, 2, 30));
    EXPECT_EQ(last_due(nightly, utc(5, 10, 2, 29), zone), utc(5, 9, 2, 30));
    EXPECT_EQ(next_due(nightly, utc(5, 10, 2, 30), zone), utc(5, 11, 2, 30));
    EXPECT_EQ(next_due(nightly, utc(5, 10, 2, 29), zone), utc(5, 10, 2, 30));
    const auto sundays = must(parse_schedule_time("weekly sun 03:00", 4));
    EXPECT_EQ(next_due(sundays, utc(5, 10, 3, 0), zone), utc(5, 17, 3, 0));  // 2026-05-10 is a Sunday
    const auto either = must(parse_schedule_time("0 0 13 * 5", 4));          // the 13th, and every Friday
    EXPECT_EQ(next_due(either, utc(5, 9, 0, 0), zone), utc(5, 13, 0, 0));
    EXPECT_EQ(next_due(either, utc(5, 13, 0, 0), zone), utc(5, 15, 0, 0));
    const auto leap = must(parse_schedule_time("0 12 29 2 *", 4));
    EXPECT_EQ(next_due(leap, utc(5, 1, 0, 0), zone), must(timestamp_of({.year = 2028, .month = 2, .day = 29, .hour = 12}, 0)));
    EXPECT_EQ(last_due(leap, utc(5, 1, 0, 0), zone), must(timestamp_of({.year = 2024, .month = 2, .day = 29, .hour = 12}, 0)));
}

// In Berlin clocks go from 02:00 to 03:00 on March 29 (01:00 UTC), and from 03:00 back to 02:00 on October 25 (01:00 UTC).
TEST(ScheduleTimes, AreDueOnceAcrossChangesOfClocks) {
    const auto zone = must(host::TimeZone::find("Europe/Berlin"));
    const auto nightly = must(parse_schedule_time("daily 02:30", 4));
    EXPECT_EQ(next_due(nightly, utc(3, 28, 12, 0), zone), utc(3, 29, 1, 0)) << "skipped: when clocks go on";
    EXPECT_EQ(next_due(nightly, utc(3, 29, 1, 0), zone), utc(3, 30, 0, 30));
    EXPECT_EQ(next_due(nightly, utc(10, 24, 12, 0), zone), utc(10, 25, 0, 30)) << "twice: the first";
    EXPECT_EQ(next_due(nightly, utc(10, 25, 0, 30), zone), utc(10, 26, 1, 30));
    EXPECT_EQ(last_due(nightly, utc(10, 25, 1, 45), zone), utc(10, 25, 0, 30));
}

TEST(ScheduleTimes, OfEveryHourAreEveryHourAcrossChangesOfClocks) {
    for (const char* name : {"Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "UTC"}) {
        const auto zone = must(host::TimeZone::find(name));
        const auto hourly = must(parse_schedule_time("hourly", 4));
        Timestamp at = utc(1, 1, 0, 0);
        for (int i = 0; i < 24 * 364; ++i) {
            const auto next = next_due(hourly, at, zone);
            ASSERT_TRUE(next);
            const auto minutes = (next->nanoseconds - at.nanoseconds) / nanoseconds_per_second / 60;
            EXPECT_TRUE(minutes > 0 && minutes <= 90) << name << " " << to_rfc3339(at) << " " << minutes;
            EXPECT_EQ(last_due(hourly, *next, zone), next);
            at = *next;
        }
    }
}

}  // namespace
}  // namespace holdfast::operations

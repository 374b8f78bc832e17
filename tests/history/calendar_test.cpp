#include "holdfast/history/calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <chrono>
#include <limits>

#include "holdfast/base/text.h"

namespace holdfast::history {
namespace {

Timestamp utc(std::string_view text) {
    const auto moment = parse_moment(text, {}, [](const CivilTime& civil) { return timestamp_of(civil, 0); }, 0);
    EXPECT_TRUE(moment) << text;
    return moment.value();
}

std::string week(std::string_view day) { return period_name(Period::week, utc(format("{}T12:00:00Z", day)), 0); }

TEST(Calendar, IsoWeeksAtTheEndsOfYears) {
    EXPECT_EQ(week("2020-12-28"), "2020-W53");
    EXPECT_EQ(week("2021-01-03"), "2020-W53") << "a Sunday";
    EXPECT_EQ(week("2021-01-04"), "2021-W01");
    EXPECT_EQ(week("2026-12-31"), "2026-W53");
    EXPECT_EQ(week("2027-01-03"), "2026-W53");
    EXPECT_EQ(week("2024-12-30"), "2025-W01");
    EXPECT_EQ(week("2023-01-01"), "2022-W52");
    EXPECT_EQ(week("1969-12-29"), "1970-W01");
    EXPECT_EQ(week("1969-12-28"), "1969-W52");
}

TEST(Calendar, PeriodsAreNamedInTheirZone) {
    const auto moment = utc("2024-02-29T23:30:00Z");
    EXPECT_EQ(period_name(Period::day, moment, 0), "2024-02-29");
    EXPECT_EQ(period_name(Period::day, moment, 3600), "2024-03-01");
    EXPECT_EQ(period_name(Period::hour, moment, 3600), "2024-03-01 00:00 +01:00");
    EXPECT_EQ(period_name(Period::hour, moment, -3 * 3600 - 1800), "2024-02-29 20:00 -03:30");
    EXPECT_EQ(period_name(Period::month, moment, 3600), "2024-03");
    EXPECT_EQ(period_name(Period::year, moment, 0), "2024");
}

RC_GTEST_PROP(CalendarKeys, GrowWithTimeAndAreEqualWhereNamesAre, (std::int32_t first, std::int32_t second)) {
    const Timestamp a{first * nanoseconds_per_second * 2}, b{second * nanoseconds_per_second * 2};
    const auto keys_a = period_keys(a, 0), keys_b = period_keys(b, 0);
    for (const auto period : {Period::hour, Period::day, Period::week, Period::month, Period::year}) {
        RC_ASSERT((keys_a[period] == keys_b[period]) == (period_name(period, a, 0) == period_name(period, b, 0)));
        RC_ASSERT((a <= b) || keys_a[period] >= keys_b[period]);
    }
}

// The C++ library's own calendar is the judge.
RC_GTEST_PROP(CalendarKeys, BeginAWeekOnMonday, (std::int32_t second)) {
    const Timestamp moment{std::int64_t{second} * nanoseconds_per_second};
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(std::chrono::seconds(second)));
    const Timestamp before{moment.nanoseconds - 86'400 * nanoseconds_per_second};
    const bool is_new = period_keys(before, 0)[Period::week] != period_keys(moment, 0)[Period::week];
    RC_ASSERT(is_new == (std::chrono::weekday(day) == std::chrono::Monday));
}

TEST(Calendar, TheTwoEqualHoursAreTwo) {
    const auto berlin = host::TimeZone::find("Europe/Berlin").value();
    const auto hour = [&](std::string_view text) { return period_keys(utc(text), berlin.offset_s(utc(text)))[Period::hour]; };
    EXPECT_NE(hour("2026-10-25T00:30:00Z"), hour("2026-10-25T01:30:00Z")) << "02:30 summer time, 02:30 winter time";
    EXPECT_EQ(hour("2026-10-25T00:00:00Z"), hour("2026-10-25T00:59:59Z"));
    const auto howe = host::TimeZone::find("Australia/Lord_Howe").value();  // back by half an hour: 01:30 twice
    const auto hour_there = [&](std::string_view text) { return period_keys(utc(text), howe.offset_s(utc(text)))[Period::hour]; };
    EXPECT_EQ(hour_there("2026-04-04T14:05:00Z"), hour_there("2026-04-04T14:55:00Z"));
    EXPECT_NE(hour_there("2026-04-04T14:55:00Z"), hour_there("2026-04-04T15:05:00Z"));
}

TEST(Spans, AreReadAndWritten) {
    EXPECT_EQ(parse_span("1y6mo2w3d4h").value(), (CalendarSpan{.years = 1, .months = 6, .days = 17, .hours = 4}));
    EXPECT_EQ(to_text(parse_span("2w").value()), "14d");
    EXPECT_EQ(in_words({.years = 1, .days = 30}), "1 year, 30 days");
    EXPECT_TRUE(parse_span("0").value().is_zero());
    for (const char* wrong : {"", "30", "d", "30 d", "-1d", "1.5d", "3d3d", "1m", "30s", "1234567d", "1y 6mo", "99999999999999999999y"}) {
        EXPECT_FALSE(parse_span(wrong)) << wrong;
    }
}

TEST(Spans, GoBackOnTheCalendar) {
    const auto back = [](std::string_view from, std::string_view span, std::string_view zone) {
        return to_rfc3339(minus(utc(from), parse_span(span).value(), host::TimeZone::find(zone).value()));
    };
    EXPECT_EQ(back("2024-03-31T10:00:00Z", "1mo", "UTC"), "2024-03-02T10:00:00.000Z") << "there is no February 31: restic's way";
    EXPECT_EQ(back("2024-02-29T10:00:00Z", "1y", "UTC"), "2023-03-01T10:00:00.000Z");
    EXPECT_EQ(back("2026-01-15T10:00:00Z", "13mo", "UTC"), "2024-12-15T10:00:00.000Z");
    EXPECT_EQ(back("2026-04-01T10:00:00Z", "7d", "Europe/Berlin"), "2026-03-25T11:00:00.000Z") << "12:00 on both days";
    EXPECT_EQ(back("2026-04-01T10:00:00Z", "168h", "Europe/Berlin"), "2026-03-25T10:00:00.000Z") << "elapsed";
    EXPECT_EQ(to_rfc3339(plus(utc("2024-01-31T10:00:00Z"), {.months = 1, .hours = 5}, host::TimeZone::utc())), "2024-03-02T15:00:00.000Z");
    EXPECT_EQ(plus({0}, {.days = 6'999'993}, host::TimeZone::utc()).nanoseconds, std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ(minus({0}, {.years = 999'999}, host::TimeZone::utc()).nanoseconds, std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(minus({0}, {.days = 6'999'993, .hours = 999'999}, host::TimeZone::utc()).nanoseconds, std::numeric_limits<std::int64_t>::min());
}

}  // namespace
}  // namespace holdfast::history

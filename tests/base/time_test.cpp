#include "holdfast/base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "support/results.h"

namespace holdfast {
namespace {

using namespace tests;

constexpr std::int32_t zone_s = 2 * 3600;  // the tests' local zone: UTC+2 all year

Result<Timestamp> local(const CivilTime& civil) { return timestamp_of(civil, zone_s); }

std::string parsed(std::string_view text) {
    const auto now = timestamp_of({.year = 2026, .month = 3, .day = 1, .hour = 12}, 0);
    const auto moment = parse_moment(text, *now, local, zone_s);
    return moment.ok() ? to_rfc3339(*moment) : "refused";
}

TEST(ParseMoment, ReadsWhatPeopleType) {
    EXPECT_EQ(parsed("2026-02-28T23:00:00Z"), "2026-02-28T23:00:00.000Z");
    EXPECT_EQ(parsed("2026-02-28T23:00:00.25+05:30"), "2026-02-28T17:30:00.250Z");
    EXPECT_EQ(parsed("2026-02-28 23:00"), "2026-02-28T21:00:00.000Z");
    EXPECT_EQ(parsed("09:30"), "2026-03-01T07:30:00.000Z");
    EXPECT_EQ(parsed("2 hours ago"), "2026-03-01T10:00:00.000Z");
    EXPECT_EQ(parsed("90m ago"), "2026-03-01T10:30:00.000Z");
    EXPECT_EQ(parsed("1 day 2 hours ago"), "2026-02-28T10:00:00.000Z");
    EXPECT_EQ(parsed("now"), "2026-03-01T12:00:00.000Z");
    EXPECT_EQ(parsed("2024-02-29"), "2024-02-29T21:59:59.999Z");
    EXPECT_EQ(parsed("yesterday"), "2026-02-28T21:59:59.999Z");
}

TEST(ParseMoment, RefusesWhatIsNoTime) {
    for (const char* text : {"", "2026-02-30", "2026-13-01", "25:00", "12:60", "tomorrowish", "ago", "2 ago", "2 fortnights ago", "09:30Z", "2026-02-28T23:00:00+24:00",
                             "999999999999999999999 days ago", "2026-02-28x", "2026-02-28 23:00 y"})
        EXPECT_EQ(parsed(text), "refused") << text;
}

RC_GTEST_PROP(Civil, RoundTripsEveryMomentAndOffset, ()) {
    const Timestamp moment{*rc::gen::inRange<std::int64_t>(-9'000'000'000'000'000'000, 9'000'000'000'000'000'000)};
    const auto offset = *rc::gen::inRange<std::int32_t>(-18 * 3600, 18 * 3600);
    const auto back = timestamp_of(civil_of(moment, offset), offset);
    RC_ASSERT(back.ok());
    RC_ASSERT(*back == moment);
}

TEST(Display, ShowsTheZone) {
    const Timestamp moment{1'754'034'600'123'000'000};
    EXPECT_EQ(to_rfc3339(moment, -3 * 3600 - 1800), "2025-08-01T04:20:00.123-03:30");
    EXPECT_EQ(to_display(moment, 3600), "2025-08-01 08:50:00");
    EXPECT_EQ(to_rfc3339({-1}), "1969-12-31T23:59:59.999Z");
}

TEST(HumanAge, ReadsWell) {
    EXPECT_EQ(human_age(5), "5 s ago");
    EXPECT_EQ(human_age(180), "3 min ago");
    EXPECT_EQ(human_age(3600), "1 hour ago");
    EXPECT_EQ(human_age(3 * 86'400), "3 days ago");
    EXPECT_EQ(human_age(-5), "in 5 s");
}

TEST(Civil, RefusesWhatNoCalendarHas) {
    const CivilTime good{.year = 2026, .month = 2, .day = 28, .hour = 23, .minute = 59, .second = 59, .nanosecond = 999'999'999};
    EXPECT_THAT(timestamp_of(good, 0), Succeeds());
    const auto refused = [&](auto change) {
        CivilTime civil = good;
        change(civil);
        EXPECT_THAT(timestamp_of(civil, 0), FailsWith(ErrorCode::invalid)) << to_display({}, 0);
    };
    for (const int month : {0, -1, 13, 257, 258}) refused([&](CivilTime& civil) { civil.month = month; });  // 257 is 1 in a byte
    for (const int day : {0, -1, 29, 32, 257}) refused([&](CivilTime& civil) { civil.day = day; });
    for (const int year : {0, -2026, 1677, 2262, 100'000}) refused([&](CivilTime& civil) { civil.year = year; });
    for (const int hour : {-1, 24}) refused([&](CivilTime& civil) { civil.hour = hour; });
    for (const int sixty : {-1, 60}) {
        refused([&](CivilTime& civil) { civil.minute = sixty; });
        refused([&](CivilTime& civil) { civil.second = sixty; });
    }
    for (const std::int64_t nanosecond : {std::int64_t{-1}, nanoseconds_per_second}) refused([&](CivilTime& civil) { civil.nanosecond = nanosecond; });
    for (const std::int32_t offset : {INT32_MIN, -86'401, 86'401, INT32_MAX}) EXPECT_THAT(timestamp_of(good, offset), FailsWith(ErrorCode::invalid)) << offset;
}

TEST(Civil, KnowsLeapYearsAndBothEndsOfItsRange) {
    EXPECT_THAT(timestamp_of({.year = 2000, .month = 2, .day = 29}, 0), Succeeds());
    EXPECT_THAT(timestamp_of({.year = 2100, .month = 2, .day = 29}, 0), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(to_rfc3339(must(timestamp_of({.year = 1678}, 86'400))), "1677-12-31T00:00:00.000Z");
    EXPECT_EQ(to_rfc3339(must(timestamp_of({.year = 2261, .month = 12, .day = 31}, -86'400))), "2262-01-01T00:00:00.000Z");
}

RC_GTEST_PROP(Rfc3339, IsReadBackToTheMillisecond, ()) {
    const Timestamp moment{*rc::gen::inRange<std::int64_t>(-9'000'000'000'000, 9'000'000'000'000) * 1'000'000};
    const std::int32_t offset = *rc::gen::inRange<std::int32_t>(-18 * 60, 18 * 60) * 60;
    const std::string text = to_rfc3339(moment, offset);
    const auto back = parse_moment(text, {}, local, zone_s);
    RC_ASSERT(back.ok());
    RC_ASSERT(*back == moment);
}

RC_GTEST_PROP(ParseMoment, AnyTextIsAMomentOrInvalid, ()) {
    const auto words = *rc::gen::container<std::vector<std::string>>(
        rc::gen::element<std::string>("2026", "-", "08", "99", ":", "T", "Z", "+", " ", ".", "1000000000", "w", "ago", "days", "now", "\xff", "yesterday"));
    std::string text;
    for (const auto& word : words) text += word;
    const auto moment = parse_moment(text, {1'754'034'600'000'000'000}, local, zone_s);
    RC_CLASSIFY(moment.ok(), "a moment");
    if (!moment.ok()) RC_ASSERT(moment.error().code() == ErrorCode::invalid);
}

TEST(ParseMoment, AgesAddUpToAtMostTwoCenturies) {
    EXPECT_EQ(parsed("10000w ago").substr(0, 4), "1834");
    EXPECT_EQ(parsed("20000w ago"), "refused");
    std::string long_list;
    for (int i = 0; i < 20'000; ++i) long_list += "1000000000w ";  // its sum is beyond 64 bits
    EXPECT_EQ(parsed(long_list + "ago"), "refused");
}

TEST(ParseMoment, DaysEndInTheLocalZoneAndErrorsShowTheWay) {
    EXPECT_EQ(parsed("today"), "2026-03-01T21:59:59.999Z");
    EXPECT_EQ(parsed("  2026-02-28T23:00:00z "), "2026-02-28T23:00:00.000Z");
    const auto wrong = parse_moment("last \033[31mtuesday", {}, local, 0);
    ASSERT_THAT(wrong, FailsWith(ErrorCode::invalid));
    EXPECT_EQ(wrong.error().message().find('\033'), std::string::npos);
    EXPECT_NE(wrong.error().advice().find("2 hours ago"), std::string::npos);
}

TEST(HumanAge, HasNoLimit) {
    EXPECT_EQ(human_age(0), "0 s ago");
    EXPECT_EQ(human_age(INT64_MAX), "106751991167300 days ago");
    EXPECT_EQ(human_age(INT64_MIN), "in 106751991167300 days");
}

}  // namespace
}  // namespace holdfast

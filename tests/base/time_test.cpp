#include "holdfast/base/time.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace holdfast {
namespace {

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

}  // namespace
}  // namespace holdfast

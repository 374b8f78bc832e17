#include "holdfast/host/time_zone.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"

namespace holdfast::host {
namespace {

constexpr std::int32_t hour = 3600;

Timestamp at(const CivilTime& utc) { return timestamp_of(utc, 0).value(); }

TimeZone zone(std::string_view name) {
    auto found = TimeZone::find(name);
    EXPECT_TRUE(found) << found.error().text();
    return found.value();
}

TEST(TimeZone, BothChangesOfTheClocksAtTheirSecond) {
    const auto berlin = zone("Europe/Berlin");
    EXPECT_EQ(berlin.name(), "Europe/Berlin");
    EXPECT_EQ(berlin.offset_s(at({.year = 2026, .month = 3, .day = 29, .hour = 0, .minute = 59, .second = 59, .nanosecond = 999'999'999})), hour);
    EXPECT_EQ(berlin.offset_s(at({.year = 2026, .month = 3, .day = 29, .hour = 1})), 2 * hour);
    EXPECT_EQ(berlin.offset_s(at({.year = 2026, .month = 10, .day = 25, .hour = 0, .minute = 59, .second = 59})), 2 * hour);
    EXPECT_EQ(berlin.offset_s(at({.year = 2026, .month = 10, .day = 25, .hour = 1})), hour);
    EXPECT_EQ(zone("Asia/Kathmandu").offset_s(at({.year = 2026})), 5 * hour + 2700);
    EXPECT_EQ(zone("UTC").offset_s(at({.year = 2026})), 0);
}

TEST(TimeZone, SaysWhatTheCLibrarySaysAllYearsLong) {
    const std::string before = ::getenv("TZ") ? ::getenv("TZ") : "";
    for (const char* name : {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tokyo", "America/Sao_Paulo"}) {
        ::setenv("TZ", name, 1);
        const auto named = zone(name);
        for (std::int64_t s = at({.year = 1975}).nanoseconds / nanoseconds_per_second; s < 2'080'000'000; s += 50'000) {
            const Timestamp moment{s * nanoseconds_per_second + 1};
            ASSERT_EQ(named.offset_s(moment), TimeZone::local().offset_s(moment)) << name << " " << to_rfc3339(moment);
        }
    }
    if (before.empty()) ::unsetenv("TZ");
    else ::setenv("TZ", before.c_str(), 1);
}

TEST(TimeZone, AnUnknownOneIsRefusedWithTheNearest) {
    const std::array<std::pair<const char*, const char*>, 5> meant = {
        {{"Europe/Berln", "Europe/Berlin"}, {"berlin", "Europe/Berlin"}, {"europe/berlin", "Europe/Berlin"}, {"New York", "America/New_York"}, {"utc", "UTC"}}};
    for (const auto& [given, near] : meant) {
        const auto found = TimeZone::find(given);
        ASSERT_FALSE(found) << given;
        EXPECT_EQ(found.error().code(), ErrorCode::invalid);
        EXPECT_NE(found.error().advice().find(near), std::string::npos) << given << ": " << found.error().advice();
    }
    EXPECT_FALSE(TimeZone::find(""));
    EXPECT_FALSE(TimeZone::find("../../etc/passwd"));
    EXPECT_FALSE(TimeZone::find(std::string(100'000, 'x')));
}

}  // namespace
}  // namespace holdfast::host

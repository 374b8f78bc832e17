#include "holdfast/bundle/log_lines.h"

#include <gtest/gtest.h>

namespace holdfast::bundle {
namespace {

constexpr std::int32_t here_s = 2 * 3600;
Result<Timestamp> here(const CivilTime& civil) { return timestamp_of(civil, here_s); }
std::string told(std::string_view line) {
    const auto time = time_of_line(line, here);
    return time ? to_rfc3339(*time) : "";
}
Timestamp at(int hour) { return *timestamp_of({.year = 2026, .month = 1, .day = 2, .hour = hour}, 0); }

TEST(LogLines, TellTheirTimeInManyWays) {
    EXPECT_EQ(told("2026-01-02T03:04:05Z started"), "2026-01-02T03:04:05.000Z");
    EXPECT_EQ(told("[2026-01-02 03:04:05,678] INFO x"), "2026-01-02T01:04:05.678Z");
    EXPECT_EQ(told("{\"level\":\"info\",\"time\":\"2026-01-02T03:04:05.5+05:30\"}"), "2026-01-01T21:34:05.500Z");
    EXPECT_EQ(told("2026-01-02T03:04:05-0100 x"), "2026-01-02T04:04:05.000Z");
    EXPECT_EQ(told("version 12026-01-02 03:04:05"), "");
    EXPECT_EQ(told("2026-13-02 03:04:05"), "");
    EXPECT_EQ(told("2026-13-02 03:04:05 2026-01-02T03:04:05Z"), "2026-01-02T03:04:05.000Z");
    EXPECT_EQ(told("2026-01-02T03:04:05"), "2026-01-02T01:04:05.000Z");
    EXPECT_EQ(told(std::string(200, 'x') + "2026-01-02T03:04:05Z"), "");
    EXPECT_EQ(told(""), "");
}

TEST(LogLines, ThoseOfTheSpanComeWithWhatBelongsToThem) {
    const std::string log =
        "no time yet\n2026-01-02T01:00:00Z a\n  more of a\n2026-01-02T02:00:00Z b\n  more of b\n2026-01-02T03:00:00Z c\n2026-01-02T04:00:00Z d\n  more of d";
    const auto found = lines_within(log, {.after = at(1), .until = at(3)}, here);
    EXPECT_TRUE(found.has_times);
    EXPECT_EQ(found.text, "2026-01-02T02:00:00Z b\n  more of b\n2026-01-02T03:00:00Z c\n");
    EXPECT_EQ(lines_within(log, {.after = at(3), .until = at(9)}, here).text, "2026-01-02T04:00:00Z d\n  more of d");
}

TEST(LogLines, WithoutTimesAllAreThere) {
    const auto found = lines_within("a\nb", {.after = at(1), .until = at(3)}, here);
    EXPECT_FALSE(found.has_times);
    EXPECT_EQ(found.text, "a\nb");
}

}  // namespace
}  // namespace holdfast::bundle

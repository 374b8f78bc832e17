#include "holdfast/history/simulate_retention.h"

#include <chrono>

#include "history/retention_cases.h"
#include "holdfast/history/backup_times.h"

namespace holdfast::history {
namespace {

std::vector<Timestamp> times(std::string_view schedule, std::string_view from, std::string_view to, const host::TimeZone& zone = host::TimeZone::utc()) {
    const auto parsed = parse_backup_times(schedule);
    EXPECT_TRUE(parsed) << schedule;
    auto found = times_in({.from = moment_of(from), .to = moment_of(to)}, parsed.value(), zone, 100'000);
    EXPECT_TRUE(found);
    return std::move(found).value();
}

Times shown(const std::vector<Timestamp>& moments) {
    Times texts;
    for (const auto moment : moments) texts.push_back(to_display(moment, 0).substr(0, 16));
    return texts;
}

TEST(BackupTimes, AreOnTheCalendar) {
    EXPECT_EQ(shown(times("hourly", "2026-01-01 00:30", "2026-01-01 03:00")), (Times{"2026-01-01 01:00", "2026-01-01 02:00", "2026-01-01 03:00"}));
    EXPECT_EQ(shown(times("daily 02:30", "2026-02-27 03:00", "2026-03-01 02:30")), (Times{"2026-02-28 02:30", "2026-03-01 02:30"}));
    EXPECT_EQ(shown(times("weekly", "2026-08-01", "2026-08-16")), (Times{"2026-08-03 00:00", "2026-08-10 00:00"})) << "Mondays";
    EXPECT_EQ(shown(times("monthly 06:00", "2026-01-15", "2026-03-31")), (Times{"2026-02-01 06:00", "2026-03-01 06:00"}));
    EXPECT_EQ(shown(times("every 90m", "2026-01-01 00:10", "2026-01-01 04:00")), (Times{"2026-01-01 00:10", "2026-01-01 01:40", "2026-01-01 03:10"}));
    EXPECT_EQ(times("hourly", "2026-01-01T00:00:00Z", "2026-12-31T23:00:00Z").size(), 8760u);
}

TEST(BackupTimes, ChangesOfTheClocks) {
    const auto berlin = host::TimeZone::find("Europe/Berlin").value();
    EXPECT_EQ(shown(times("daily 02:30", "2026-03-28", "2026-03-30", berlin)), (Times{"2026-03-28 01:30", "2026-03-29 01:30"})) << "03:30 on the 29th";
    EXPECT_EQ(shown(times("daily 02:30", "2026-10-24", "2026-10-26", berlin)), (Times{"2026-10-24 00:30", "2026-10-25 01:30"})) << "the later one, once";
    EXPECT_EQ(times("hourly", "2026-10-24T22:00:00Z", "2026-10-25T22:59:00Z", berlin).size(), 25u);
}

TEST(BackupTimes, WhatIsNoneIsRefused) {
    for (const char* wrong : {"", "often", "daily 24:00", "daily 2:30", "daily 02:60", "hourly 02:30", "every", "every 0m", "every 5s", "every -1h", "every 1234567h"}) {
        EXPECT_FALSE(parse_backup_times(wrong)) << wrong;
    }
    const auto many = times_in({.from = {0}, .to = moment_of("2026-01-01")}, parse_backup_times("every 1m").value(), host::TimeZone::utc(), 1000);
    ASSERT_FALSE(many);
    EXPECT_EQ(many.error().code(), ErrorCode::invalid);
}

SimulatedRetention simulated(const std::vector<Timestamp>& at, const RetentionPolicy& policy, SnapshotKind kind = SnapshotKind::automatic) {
    auto result = simulate_retention(at, {.number = {}, .time = {}, .kind = kind}, policy, host::TimeZone::utc());
    EXPECT_TRUE(result);
    return std::move(result).value();
}

// The policy run after each backup leaves what one run over all of them keeps (retention_test.cpp).
TEST(SimulateRetention, AYearOfDailyBackups) {
    const auto result = simulated(times("daily 12:00", "2025-10-01", "2026-09-30 23:00"), {.automatic = {.daily = 7, .weekly = 4, .monthly = 6}});
    EXPECT_EQ(result.made, 365u);
    Times left;
    for (const auto& verdict : result.left.verdicts) {
        EXPECT_TRUE(verdict.kept);
        EXPECT_FALSE(verdict.reasons.empty());
        left.push_back(to_display(verdict.time, 0).substr(0, 10));
    }
    EXPECT_EQ(left, (Times{"2026-09-30", "2026-09-29", "2026-09-28", "2026-09-27", "2026-09-26", "2026-09-25", "2026-09-24", "2026-09-20", "2026-09-13",
                           "2026-08-31", "2026-07-31", "2026-06-30", "2026-05-31", "2026-04-30"}));
    EXPECT_GE(result.most, left.size());
}

TEST(SimulateRetention, ManualBackupsAreAllThereInTheEnd) {
    const auto result = simulated(times("weekly", "2026-01-01", "2026-12-31"), {}, SnapshotKind::manual);
    EXPECT_EQ(result.made, 52u);
    EXPECT_EQ(result.left.verdicts.size(), 52u);
    EXPECT_EQ(result.most, 52u);
}

TEST(SimulateRetention, NeverMoreThanTheRulesAdmit) {
    const auto at = times("hourly", "2026-01-01", "2026-12-31 23:59");
    const auto result = simulated(at, {});
    EXPECT_EQ(result.made, at.size());
    EXPECT_LE(result.most, 10u + 7 + 4 + 12 + 1) << "each count, and the oldest";
    EXPECT_EQ(result.left.verdicts.front().time, at.back());
    EXPECT_EQ(to_display(result.left.verdicts.back().time, 0).substr(0, 10), "2026-01-31");
    EXPECT_TRUE(simulated({}, {}).left.verdicts.empty());
}

}  // namespace
}  // namespace holdfast::history

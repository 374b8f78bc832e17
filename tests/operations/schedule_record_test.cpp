#include "holdfast/operations/schedule_record.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

constexpr std::int64_t minute_ns = 60 * nanoseconds_per_second;

// A machine in Berlin over a year, with its changes of clocks: cron runs what is due while it is on, and asks once an hour
// what was missed. Whatever times it is off: after every hour of being on, the last run due has begun, and none begins
// twice.
TEST(MissedRuns, AreMadeUpOnceAcrossChangesOfClocks) {
    const auto zone = must(host::TimeZone::find("Europe/Berlin"));
    for (const char* said : {"daily 02:30", "daily 03:00", "hourly", "weekly sun 02:15", "monthly 29 02:45"}) {
        const auto time = must(parse_schedule_time(said, 4));
        Timestamp now = must(timestamp_of({.year = 2026, .month = 1, .day = 1, .hour = 0, .minute = 30}, 0));
        JobStamp stamp{.since = now, .last_start = {}, .last_end = {}, .exit_code = 0, .ending = {}};
        std::uint64_t state = 4711, runs = 0, made_up = 0;
        for (int segment = 0; segment < 340; ++segment) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            const std::int64_t on_minutes = 61 + static_cast<std::int64_t>((state >> 33) % 1800);
            const std::int64_t off_minutes = static_cast<std::int64_t>((state >> 45) % 900);
            for (std::int64_t i = 0; i < on_minutes; ++i, now.nanoseconds += minute_ns) {
                const std::int64_t minute = (now.nanoseconds / minute_ns) % 60;
                if (minute != 7 && minute % 15 != 0) continue;  // nothing is due then
                const bool is_due_now = last_due(time, now, zone) == now;
                const bool is_made_up = minute == 7 && was_missed(time, stamp, now, zone);
                if (!is_due_now && !is_made_up) continue;
                const auto due = last_due(time, now, zone);
                EXPECT_TRUE(!stamp.last_start || *due > *stamp.last_start) << said << ": twice for " << to_rfc3339(*due);
                stamp.last_start = now;
                ++runs;
                made_up += is_made_up ? 1 : 0;
            }
            const auto due = last_due(time, now, zone);
            if (*due > stamp.since && now.nanoseconds - due->nanoseconds > 62 * minute_ns) {
                EXPECT_TRUE(stamp.last_start && *stamp.last_start >= *due) << said << ": never for " << to_rfc3339(*due);
            }
            now.nanoseconds += off_minutes * minute_ns;
        }
        EXPECT_GT(runs, 8u) << said;
        EXPECT_GT(made_up, 0u) << said << ": nothing was made up, so nothing was tried";
    }
}

TEST(MissedRuns, AreNotWhatWasDueBeforeItWasInstalled) {
    const auto time = must(parse_schedule_time("daily 02:30", 4));
    const auto noon = must(timestamp_of({.year = 2026, .month = 5, .day = 10, .hour = 12}, 0));
    EXPECT_FALSE(was_missed(time, {.since = noon, .last_start = {}, .last_end = {}, .exit_code = 0, .ending = {}}, {noon.nanoseconds + 60 * minute_ns}, host::TimeZone::utc()));
    EXPECT_TRUE(was_missed(time, {.since = noon, .last_start = {}, .last_end = {}, .exit_code = 0, .ending = {}}, {noon.nanoseconds + 24 * 60 * minute_ns}, host::TimeZone::utc()));
}

class ScheduleRecords : public World {};

TEST_F(ScheduleRecords, AreReadAsTheyWereKept) {
    const std::string id = schedule_id("/data/My App!");
    EXPECT_EQ(id.substr(0, 7), "my-app-");
    EXPECT_NE(id, schedule_id("/data/my app"));
    EXPECT_FALSE(must(read_installed(context, id)));
    must(keep_installed(context, id, {.folder = "/data/My App!", .by = "cron", .jobs = {{"backup", "hourly"}}, .files = {"crontab"}}));
    const auto installed = must(read_installed(context, id));
    ASSERT_TRUE(installed);
    EXPECT_EQ(installed->jobs, (std::vector<std::pair<std::string, std::string>>{{"backup", "hourly"}}));
    must(keep_stamp(context, id, "backup", {.since = {5}, .last_start = Timestamp{7}, .last_end = {}, .exit_code = 3, .ending = "x"}));
    const auto stamp = must(read_stamp(context, id, "backup"));
    ASSERT_TRUE(stamp);
    EXPECT_EQ(stamp->last_start, Timestamp{7});
    EXPECT_EQ(stamp->last_end, std::nullopt);
    EXPECT_EQ(stamp->exit_code, 3);
    const auto held = must(lock_job(context, id, "backup"));
    EXPECT_THAT(lock_job(context, id, "backup"), FailsWith(ErrorCode::busy));
    must(drop_installed(context, id));
    EXPECT_FALSE(must(read_stamp(context, id, "backup")));
}

}  // namespace
}  // namespace holdfast::operations

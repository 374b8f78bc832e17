// Backup times: when a schedule backs up, for simulations: hourly, daily, weekly, monthly, or every so often.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "holdfast/host/time_zone.h"

namespace holdfast::history {

struct BackupTimes {
    enum class Every : std::uint8_t { hour, day, week, month, so_often } every = Every::day;
    int hour = 0, minute = 0;           // of the day; of the hour alone for `hour`
    std::int64_t seconds = 0;           // so_often
};
// "hourly", "daily", "daily 02:30", "weekly" (Monday), "weekly 02:30", "monthly" (the 1st), "every 15m". `invalid`
// explains the forms.
Result<BackupTimes> parse_backup_times(std::string_view text);

struct TimeRange {
    Timestamp from, to;  // both belong to it
};
// The times in the range, ascending. A time of day that clocks skip is as far after the jump; one that occurs twice is
// taken once, the later time. `invalid`: more than `most`.
Result<std::vector<Timestamp>> times_in(const TimeRange& range, const BackupTimes& times, const host::TimeZone& zone, std::size_t most);

}  // namespace holdfast::history

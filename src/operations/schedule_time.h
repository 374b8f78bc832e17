// ScheduleTime: when something is to run, as people write it ("daily 02:30") or as a cron line, on the local calendar.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/time.h"
#include "holdfast/host/time_zone.h"

namespace holdfast::operations {

// The five fields of a cron line. As cron has it, a day is meant when its day of the month or its weekday is, if both are
// restricted; else when both are.
struct ScheduleTime {
    std::bitset<60> minutes;
    std::bitset<24> hours;
    std::bitset<32> days;     // of the month, from 1
    std::bitset<13> months;   // from 1
    std::bitset<7> weekdays;  // 0 is Sunday
    bool operator==(const ScheduleTime&) const = default;

    bool is_every_hour() const { return hours.all(); }
    bool is_every_day_of_month() const { return days.count() == 31; }
    bool is_every_weekday() const { return weekdays.all(); }

    std::string cron_line() const;  // "30 2 * * *"
    // For systemd's OnCalendar=: one, or two where cron's "or" needs them.
    std::vector<std::string> on_calendar() const;
    bool is_on(const CivilTime& day) const;
};

// hourly, daily, weekly and monthly, with "02:30", a weekday ("sun") or a day of the month where they belong; or a cron
// line of five fields with names, ranges, lists and steps. `hour` is that of daily and rarer times without one. `invalid`
// explains the forms.
Result<ScheduleTime> parse_schedule_time(std::string_view text, int hour);

// The last moment not after `now`, and the first one after it, at which it is due; none within eight years: never. A time
// that clocks skip is the instant at which they go on (as cron has it; systemd leaves that day out); one that they repeat is
// the first, but for times of every hour, which are both.
std::optional<Timestamp> last_due(const ScheduleTime& time, Timestamp now, const host::TimeZone& zone);
std::optional<Timestamp> next_due(const ScheduleTime& time, Timestamp now, const host::TimeZone& zone);

}  // namespace holdfast::operations

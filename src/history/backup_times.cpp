#include "holdfast/history/backup_times.h"

#include <charconv>

#include "holdfast/base/text.h"
#include "holdfast/history/calendar.h"

namespace holdfast::history {
namespace {

constexpr std::int64_t day_s = 86'400;

Error no_schedule(std::string_view text) {
    return fail(ErrorCode::invalid, "read the schedule '{}'", printable(text)).with_advice("hourly, daily, 'daily 02:30', weekly, monthly or 'every 15m'");
}

bool take_number(std::string_view text, int below, int& into) {
    if (text.size() != 2 || !is_all_digits(text)) return false;
    std::from_chars(text.data(), text.data() + text.size(), into);
    return into < below;
}

bool take_clock(std::string_view text, BackupTimes& times) {
    return text.size() == 5 && text[2] == ':' && take_number(text.substr(0, 2), 24, times.hour) && take_number(text.substr(3), 60, times.minute);
}

// "15m", "6h", "2d".
std::int64_t seconds_of(std::string_view text) {
    constexpr std::size_t digits_max = 6;
    if (text.size() < 2 || text.size() > digits_max + 1 || !is_all_digits(text.substr(0, text.size() - 1))) return 0;
    std::int64_t count = 0;
    std::from_chars(text.data(), text.data() + text.size() - 1, count);
    const char unit = text.back();
    return count * (unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? day_s : 0);
}

std::int64_t floor_divide(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

std::int64_t seconds_of(Timestamp moment) { return floor_divide(moment.nanoseconds, nanoseconds_per_second); }

// The moment of a calendar time in the zone.
std::int64_t to_utc(std::int64_t local, const host::TimeZone& zone) {
    const auto offset_at = [&](std::int64_t seconds) { return std::int64_t{zone.offset_s({seconds * nanoseconds_per_second})}; };
    const auto before = offset_at(local - day_s), after = offset_at(local + day_s);
    for (const auto offset : {std::min(before, after), std::max(before, after)})
        if (offset_at(local - offset) == offset) return local - offset;
    return local - before;  // skipped
}

bool is_wanted_day(std::int64_t day, BackupTimes::Every every) {
    const Timestamp midnight{day * day_s * nanoseconds_per_second};
    if (every == BackupTimes::Every::week) return floor_divide(day + 3, 7) * 7 == day + 3;  // 1970-01-01 was a Thursday
    return every != BackupTimes::Every::month || civil_of(midnight).day == 1;
}

}  // namespace

Result<BackupTimes> parse_backup_times(std::string_view given) {
    using Every = BackupTimes::Every;
    const std::string_view text = trim(given);
    const std::string_view word = text.substr(0, text.find(' '));
    const std::string_view rest = trim(text.substr(word.size()));
    BackupTimes times;
    if (word == "every") {
        times.every = Every::so_often;
        times.seconds = seconds_of(rest);
        if (times.seconds == 0) return no_schedule(given);
        return times;
    }
    if (word == "hourly") times.every = Every::hour;
    else if (word == "weekly") times.every = Every::week;
    else if (word == "monthly") times.every = Every::month;
    else if (word != "daily") return no_schedule(given);
    if (!rest.empty() && (times.every == Every::hour || !take_clock(rest, times))) return no_schedule(given);
    return times;
}

Result<std::vector<Timestamp>> times_in(const TimeRange& range, const BackupTimes& times, const host::TimeZone& zone, std::size_t most) {
    std::vector<Timestamp> found;
    const auto add = [&](std::int64_t seconds) {
        const Timestamp moment{seconds * nanoseconds_per_second};
        if (moment >= range.from && moment <= range.to) found.push_back(moment);
        return found.size() <= most;
    };
    const Error too_many = fail(ErrorCode::invalid, "these are more than {} backups", most).with_advice("a shorter time, or fewer backups a day");
    const std::int64_t first = seconds_of(range.from), last = seconds_of(range.to);
    if (times.every == BackupTimes::Every::so_often || times.every == BackupTimes::Every::hour) {
        const bool hourly = times.every == BackupTimes::Every::hour;
        const std::int64_t local = first + zone.offset_s(range.from);
        const std::int64_t start = hourly ? first - (local - floor_divide(local, 3600) * 3600) : first;
        for (std::int64_t at = start; at <= last; at += hourly ? 3600 : times.seconds)
            if (!add(at)) return too_many.copy();
        return found;
    }
    for (std::int64_t day = floor_divide(first, day_s) - 1; day <= floor_divide(last, day_s) + 1; ++day) {
        if (is_wanted_day(day, times.every) && !add(to_utc(day * day_s + times.hour * 3600 + times.minute * 60, zone))) return too_many.copy();
    }
    return found;
}

}  // namespace holdfast::history

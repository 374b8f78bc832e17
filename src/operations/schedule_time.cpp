#include "holdfast/operations/schedule_time.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view forms = "hourly, daily, weekly, monthly, 'daily 02:30', 'weekly sun 03:00', 'monthly 1 04:00', or a cron line of five fields ('30 2 * * *')";
constexpr std::array<std::string_view, 7> weekday_names = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<std::string_view, 12> month_names = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::int64_t day_s = 86'400;

std::string lower(std::string_view text) {
    std::string out;
    for (const char c : text) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (auto& word : split(lower(text), ' ')) {
        if (!trim(word).empty()) words.emplace_back(trim(word));
    }
    return words;
}

// One of the five fields: what its numbers may be, and what names they have.
struct Field {
    std::string_view name;
    int first, last;
    std::span<const std::string_view> names = {};  // of `first` and those after it
};

std::optional<int> number_of(const std::string& word, const Field& field) {
    for (std::size_t i = 0; i < field.names.size(); ++i) {
        if (word.starts_with(field.names[i]) && word.size() >= 3) return field.first + static_cast<int>(i);
    }
    constexpr std::size_t digits_max = 2;
    if (!is_all_digits(word) || word.size() > digits_max) return std::nullopt;
    const int value = std::stoi(word);
    return value >= field.first && value <= field.last ? std::optional(value) : std::nullopt;
}

Error no_field(const std::string& text, const Field& field) {
    return fail(ErrorCode::invalid, "read a schedule: '{}' is no {} ({} to {})", printable(text), field.name, field.first, field.last).with_advice(std::string(forms));
}

// "*", "5", "1-5", "*/15", "10-40/10"
template <std::size_t Size>
Result<void> add_part(std::bitset<Size>& set, const std::string& part, const Field& field) {
    const auto slash = part.find('/');
    const std::string range = part.substr(0, slash);
    int step = 1, first = field.first, last = field.last;
    if (slash != std::string::npos) {
        const auto given = number_of(part.substr(slash + 1), {.name = "step", .first = 1, .last = 59});
        if (!given) return no_field(part, field);
        step = *given;
    }
    if (range != "*") {
        const auto dash = range.find('-');
        const auto from = number_of(range.substr(0, dash), field);
        const auto to = dash == std::string::npos ? from : number_of(range.substr(dash + 1), field);
        if (!from || !to || *to < *from) return no_field(part, field);
        first = *from;
        last = dash == std::string::npos && slash != std::string::npos ? field.last : *to;
    }
    for (int value = first; value <= last; value += step) set.set(static_cast<std::size_t>(value) % Size);
    return {};
}

template <std::size_t Size>
Result<std::bitset<Size>> parse_field(const std::string& text, const Field& field) {
    std::bitset<Size> set;
    for (const auto& part : split(text, ',')) TRY(add_part(set, part, field));
    return set;
}

Result<ScheduleTime> parse_cron(const std::vector<std::string>& words) {
    ScheduleTime time;
    time.minutes = TRY(parse_field<60>(words[0], {.name = "minute", .first = 0, .last = 59}));
    time.hours = TRY(parse_field<24>(words[1], {.name = "hour", .first = 0, .last = 23}));
    time.days = TRY(parse_field<32>(words[2], {.name = "day of the month", .first = 1, .last = 31}));
    time.months = TRY(parse_field<13>(words[3], {.name = "month", .first = 1, .last = 12, .names = month_names}));
    time.weekdays = TRY(parse_field<7>(words[4], {.name = "weekday", .first = 0, .last = 7, .names = weekday_names}));
    return time;
}

struct TimeOfDay {
    int hour = 0, minute = 0;
};
std::optional<TimeOfDay> time_of_day(const std::string& word) {
    const auto colon = word.find(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto hour = number_of(word.substr(0, colon), {.name = "hour", .first = 0, .last = 23});
    const auto minute = number_of(word.substr(colon + 1), {.name = "minute", .first = 0, .last = 59});
    if (!hour || !minute) return std::nullopt;
    return TimeOfDay{.hour = *hour, .minute = *minute};
}

// "weekly sun 03:00": what the words after the first say.
Result<ScheduleTime> parse_words(const std::vector<std::string>& words, int hour, std::string_view text) {
    const auto wrong = [&] { return fail(ErrorCode::invalid, "read a schedule: '{}' says no time", printable(text)).with_advice(std::string(forms)); };
    std::string minute = "0", at = format("{}", hour), day = "*", weekday = "*";
    const bool is_weekly = words[0] == "weekly", is_monthly = words[0] == "monthly";
    if (words[0] == "hourly") at = "*";
    else if (is_weekly) weekday = "0";
    else if (is_monthly) day = "1";
    else if (words[0] != "daily") return wrong();
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (const auto said = time_of_day(words[i]); said && at != "*") {
            at = format("{}", said->hour);
            minute = format("{}", said->minute);
        } else if (is_weekly && i == 1 && !is_all_digits(words[i])) {
            weekday = words[i];
        } else if (is_monthly && i == 1 && is_all_digits(words[i])) {
            day = words[i];
        } else {
            return wrong();
        }
    }
    return parse_cron({minute, at, day, "*", weekday});
}

template <std::size_t Size>
std::string listed(const std::bitset<Size>& set, const Field& field, std::string_view range) {
    std::string text;
    for (int value = field.first; value <= field.last; ++value) {
        if (!set.test(static_cast<std::size_t>(value))) continue;
        int last = value;
        while (last < field.last && set.test(static_cast<std::size_t>(last) + 1)) ++last;
        if (value == field.first && last == field.last) return "*";
        text += format("{}{}", text.empty() ? "" : ",", value);
        if (last > value) text += last == value + 1 ? format(",{}", last) : format("{}{}", range, last);
        value = last;
    }
    return text;
}

// Of a time that is skipped: the instant at which clocks go on.
std::int64_t change_of_clocks(std::int64_t as_if_utc_s, const host::TimeZone& zone) {
    std::int64_t before = as_if_utc_s - day_s, after = as_if_utc_s + day_s;
    const auto offset_at = [&](std::int64_t seconds) { return zone.offset_s({seconds * nanoseconds_per_second}); };
    const auto offset_before = offset_at(before);
    while (after - before > 1) {
        const std::int64_t middle = before + (after - before) / 2;
        (offset_at(middle) == offset_before ? before : after) = middle;
    }
    return after;
}

// The instants of a time on the calendar: one, or two when clocks go back over it.
std::vector<std::int64_t> instants_of(std::int64_t as_if_utc_s, const host::TimeZone& zone, bool every_hour) {
    const auto offset_at = [&](std::int64_t seconds) { return std::int64_t{zone.offset_s({seconds * nanoseconds_per_second})}; };
    const std::int64_t before = offset_at(as_if_utc_s - day_s), after = offset_at(as_if_utc_s + day_s);
    std::vector<std::int64_t> found;
    for (const std::int64_t offset : {std::max(before, after), std::min(before, after)}) {
        const std::int64_t instant = as_if_utc_s - offset;
        const bool fits = offset_at(instant) == offset && std::ranges::find(found, instant) == found.end();
        if (fits && (found.empty() || every_hour)) found.push_back(instant);
    }
    if (found.empty()) found.push_back(change_of_clocks(as_if_utc_s, zone));
    return found;
}

// Ascending.
std::vector<std::int64_t> due_on(const ScheduleTime& time, std::int64_t day_as_if_utc_s, const host::TimeZone& zone) {
    std::vector<std::int64_t> due;
    if (!time.is_on(civil_of({day_as_if_utc_s * nanoseconds_per_second}))) return due;
    for (std::size_t hour = 0; hour < time.hours.size(); ++hour) {
        for (std::size_t minute = 0; time.hours.test(hour) && minute < time.minutes.size(); ++minute) {
            if (!time.minutes.test(minute)) continue;
            const auto seconds = static_cast<std::int64_t>(hour * 3600 + minute * 60);
            for (const auto instant : instants_of(day_as_if_utc_s + seconds, zone, time.is_every_hour())) due.push_back(instant);
        }
    }
    std::ranges::sort(due);
    return due;
}

constexpr int days_max = 8 * 366 + 1;  // the 29th of February may be eight years away

std::int64_t local_day(Timestamp now, const host::TimeZone& zone) {
    const std::int64_t local = now.nanoseconds / nanoseconds_per_second + zone.offset_s(now);
    return local - ((local % day_s) + day_s) % day_s;
}

}  // namespace

bool ScheduleTime::is_on(const CivilTime& day) const {
    if (!months.test(static_cast<std::size_t>(day.month))) return false;
    const auto midnight = timestamp_of({.year = day.year, .month = day.month, .day = day.day}, 0);
    if (!midnight) return false;
    constexpr std::int64_t thursday = 4;  // 1970-01-01
    const std::int64_t days_since_1970 = midnight->nanoseconds / nanoseconds_per_second / day_s;
    const bool on_weekday = weekdays.test(static_cast<std::size_t>(((days_since_1970 + thursday) % 7 + 7) % 7));
    const bool on_day = days.test(static_cast<std::size_t>(day.day));
    return is_every_weekday() || is_every_day_of_month() ? on_weekday && on_day : on_weekday || on_day;
}

std::string ScheduleTime::cron_line() const {
    return format("{} {} {} {} {}", listed(minutes, {.name = "", .first = 0, .last = 59}, "-"), listed(hours, {.name = "", .first = 0, .last = 23}, "-"),
                  listed(days, {.name = "", .first = 1, .last = 31}, "-"), listed(months, {.name = "", .first = 1, .last = 12}, "-"),
                  listed(weekdays, {.name = "", .first = 0, .last = 6}, "-"));
}

std::vector<std::string> ScheduleTime::on_calendar() const {
    std::string on;
    for (std::size_t day = 0; day < weekdays.size(); ++day) {
        if (!weekdays.test(day)) continue;
        std::string name(weekday_names[day]);
        name[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(name[0])));
        on += (on.empty() ? "" : ",") + name;
    }
    const std::string month = listed(months, {.name = "", .first = 1, .last = 12}, "..");
    const std::string clock = format("{}:{}:00", listed(hours, {.name = "", .first = 0, .last = 23}, ".."), listed(minutes, {.name = "", .first = 0, .last = 59}, ".."));
    const std::string by_day = format("*-{}-{} {}", month, listed(days, {.name = "", .first = 1, .last = 31}, ".."), clock);
    if (is_every_weekday()) return {by_day};
    const std::string by_weekday = format("{} *-{}-* {}", on, month, clock);
    if (is_every_day_of_month()) return {by_weekday};
    return {by_day, by_weekday};
}

Result<ScheduleTime> parse_schedule_time(std::string_view text, int hour) {
    constexpr std::size_t cron_fields = 5;
    const auto words = words_of(text);
    const auto is_cron = words.size() == cron_fields;
    if (words.empty()) return fail(ErrorCode::invalid, "read a schedule: it is empty").with_advice(std::string(forms));
    auto time = TRY(is_cron ? parse_cron(words) : parse_words(words, hour, text));
    if (next_due(time, {}, host::TimeZone::utc())) return time;
    return fail(ErrorCode::invalid, "read a schedule: '{}' is no day of any year", printable(text)).with_advice(std::string(forms));
}

std::optional<Timestamp> last_due(const ScheduleTime& time, Timestamp now, const host::TimeZone& zone) {
    std::int64_t day = local_day(now, zone) + day_s;
    for (int i = 0; i < days_max; ++i, day -= day_s) {
        const auto due = due_on(time, day, zone);
        for (auto at = due.rbegin(); at != due.rend(); ++at) {
            if (const Timestamp moment{*at * nanoseconds_per_second}; moment <= now) return moment;
        }
    }
    return std::nullopt;
}

std::optional<Timestamp> next_due(const ScheduleTime& time, Timestamp now, const host::TimeZone& zone) {
    std::int64_t day = local_day(now, zone) - day_s;
    for (int i = 0; i < days_max; ++i, day += day_s) {
        for (const auto at : due_on(time, day, zone)) {
            if (const Timestamp moment{at * nanoseconds_per_second}; moment > now) return moment;
        }
    }
    return std::nullopt;
}

}  // namespace holdfast::operations

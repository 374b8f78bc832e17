#include "holdfast/base/time.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <limits>
#include <optional>

#include "holdfast/base/text.h"

namespace holdfast {
namespace {

constexpr std::int64_t seconds_per_day = 86'400;

struct Split {
    std::int64_t whole;
    std::int64_t rest;
};
Split floor_divide(std::int64_t value, std::int64_t by) {
    std::int64_t whole = value / by, rest = value % by;
    if (rest < 0) {
        rest += by;
        --whole;
    }
    return {whole, rest};
}

// Takes digits off the front: exactly `count` of them, or (0) one or more.
std::optional<std::int64_t> take_number(std::string_view& text, std::size_t count) {
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
    if (count == 0 ? digits == 0 || digits > 12 : digits < count) return std::nullopt;
    if (count > 0) digits = count;
    std::int64_t value = 0;
    std::from_chars(text.data(), text.data() + digits, value);
    text.remove_prefix(digits);
    return value;
}

bool take(std::string_view& text, std::string_view start) {
    if (!text.starts_with(start)) return false;
    text.remove_prefix(start.size());
    return true;
}

Error not_a_time(std::string_view text) {
    return fail(ErrorCode::invalid, "read the time '{}': it is not one", printable(text))
        .with_advice("2026-08-01T09:30:00Z, '2026-08-01 09:30', 09:30, '2 hours ago', yesterday");
}

bool take_date(std::string_view& text, CivilTime& civil) {
    const auto year = take_number(text, 4);
    if (!year || !take(text, "-")) return false;
    const auto month = take_number(text, 2);
    if (!month || !take(text, "-")) return false;
    const auto day = take_number(text, 2);
    if (!day) return false;
    civil.year = static_cast<int>(*year);
    civil.month = static_cast<int>(*month);
    civil.day = static_cast<int>(*day);
    return true;
}

bool take_fraction(std::string_view& text, CivilTime& civil) {
    std::int64_t scale = nanoseconds_per_second, value = 0;
    std::size_t digits = 0;
    while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') {
        if (scale > 1) {
            scale /= 10;
            value = value * 10 + (text[digits] - '0');
        }
        ++digits;
    }
    text.remove_prefix(digits);
    civil.nanosecond = value * scale;
    return digits > 0;
}

bool take_clock(std::string_view& text, CivilTime& civil) {
    const auto hour = take_number(text, 2);
    if (!hour || !take(text, ":")) return false;
    const auto minute = take_number(text, 2);
    if (!minute) return false;
    civil.hour = static_cast<int>(*hour);
    civil.minute = static_cast<int>(*minute);
    if (!take(text, ":")) return true;
    const auto second = take_number(text, 2);
    if (!second) return false;
    civil.second = static_cast<int>(*second);
    return !take(text, ".") || take_fraction(text, civil);
}

// "Z", "+02:00", "-0530": an offset from UTC; nothing else.
std::optional<std::int32_t> take_offset(std::string_view& text) {
    if (take(text, "Z") || take(text, "z")) return 0;
    const bool west = text.starts_with("-");
    if (!west && !text.starts_with("+")) return std::nullopt;
    text.remove_prefix(1);
    const auto hours = take_number(text, 2);
    take(text, ":");
    const auto minutes = take_number(text, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    const auto offset = static_cast<std::int32_t>(*hours * 3600 + *minutes * 60);
    return west ? -offset : offset;
}

std::optional<std::int64_t> unit_seconds(std::string_view unit) {
    struct Unit {
        std::string_view name;
        std::int64_t seconds;
    };
    static constexpr Unit units[] = {{"s", 1},       {"sec", 1},     {"second", 1},    {"m", 60},      {"min", 60},           {"minute", 60},
                                     {"h", 3600},    {"hour", 3600}, {"d", 86'400},    {"day", 86'400}, {"w", 7 * 86'400}, {"week", 7 * 86'400}};
    const bool plural = unit.size() > 2 && unit.ends_with('s');
    for (const auto& known : units)
        if (unit == known.name || (plural && unit.substr(0, unit.size() - 1) == known.name)) return known.seconds;
    return std::nullopt;
}

// "2 hours ago", "90m ago", "1 day 3 hours ago".
std::optional<Timestamp> parse_age(std::string_view text, Timestamp now) {
    if (!text.ends_with("ago")) return std::nullopt;
    text = trim(text.substr(0, text.size() - 3));
    constexpr std::int64_t longest = 200LL * 366 * seconds_per_day;
    std::int64_t seconds = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        const auto amount = take_number(text, 0);
        if (!amount) return std::nullopt;
        text = trim(text);
        const std::size_t end = text.find_first_of(" 0123456789");
        const auto unit = unit_seconds(text.substr(0, end));
        if (!unit || *amount > 1'000'000'000) return std::nullopt;
        seconds += *amount * *unit;
        if (seconds > longest) return std::nullopt;
        text = end == std::string_view::npos ? std::string_view{} : trim(text.substr(end));
    }
    return Timestamp{now.nanoseconds - seconds * nanoseconds_per_second};
}

}  // namespace

CivilTime civil_of(Timestamp moment, std::int32_t utc_offset_s) {
    const auto [second, nanosecond] = floor_divide(moment.nanoseconds, nanoseconds_per_second);
    const auto [day, in_day] = floor_divide(second + utc_offset_s, seconds_per_day);
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
    return {.year = static_cast<int>(date.year()),
            .month = static_cast<int>(static_cast<unsigned>(date.month())),
            .day = static_cast<int>(static_cast<unsigned>(date.day())),
            .hour = static_cast<int>(in_day / 3600),
            .minute = static_cast<int>(in_day % 3600 / 60),
            .second = static_cast<int>(in_day % 60),
            .nanosecond = nanosecond};
}

Result<Timestamp> timestamp_of(const CivilTime& civil, std::int32_t utc_offset_s) {
    const std::chrono::year_month_day date{std::chrono::year{civil.year}, std::chrono::month{static_cast<unsigned>(civil.month)},
                                           std::chrono::day{static_cast<unsigned>(civil.day)}};
    const bool in_range = civil.year >= 1678 && civil.year <= 2261 &&  // what 64-bit nanoseconds hold, a day spared at each end
                          utc_offset_s >= -seconds_per_day && utc_offset_s <= seconds_per_day;
    const bool in_byte = civil.month >= 0 && civil.month < 256 && civil.day >= 0 && civil.day < 256;  // chrono keeps no more of them
    const bool clock_ok = civil.nanosecond >= 0 && civil.nanosecond < nanoseconds_per_second && civil.hour >= 0 && civil.hour < 24 && civil.minute >= 0 && civil.minute < 60 && civil.second >= 0 && civil.second < 60;
    if (!date.ok() || !in_range || !in_byte || !clock_ok)
        return fail(ErrorCode::invalid, "there is no time {:04}-{:02}-{:02} {:02}:{:02}:{:02}", civil.year, civil.month, civil.day, civil.hour,
                    civil.minute, civil.second)
            .with_advice("a time as 2026-08-01T09:30:00Z or '2026-08-01 09:30', between the years 1678 and 2261");
    const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
    const std::int64_t seconds = days * seconds_per_day + civil.hour * 3600 + civil.minute * 60 + civil.second - utc_offset_s;
    return Timestamp{seconds * nanoseconds_per_second + civil.nanosecond};
}

std::string to_rfc3339(Timestamp moment, std::int32_t utc_offset_s) {
    const CivilTime c = civil_of(moment, utc_offset_s);
    std::string text = format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}", c.year, c.month, c.day, c.hour, c.minute, c.second, c.nanosecond / 1'000'000);
    if (utc_offset_s == 0) return text + "Z";
    const std::int32_t minutes = (utc_offset_s < 0 ? -utc_offset_s : utc_offset_s) / 60;
    return text + format("{}{:02}:{:02}", utc_offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
}

std::string to_display(Timestamp moment, std::int32_t utc_offset_s) {
    const CivilTime c = civil_of(moment, utc_offset_s);
    return format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", c.year, c.month, c.day, c.hour, c.minute, c.second);
}

std::string human_age(std::int64_t seconds) {
    const bool future = seconds < 0;
    const std::int64_t s = future ? -std::max(seconds, -std::numeric_limits<std::int64_t>::max()) : seconds;
    const auto count = [](std::int64_t n, std::string_view unit) { return format("{} {}{}", n, unit, n == 1 ? "" : "s"); };
    const std::string text = s < 60 ? format("{} s", s) : s < 3600 ? format("{} min", s / 60) : s < 2 * seconds_per_day ? count(s / 3600, "hour") : count(s / seconds_per_day, "day");
    return future ? "in " + text : text + " ago";
}

Result<Timestamp> parse_moment(std::string_view text, Timestamp now, const std::function<Result<Timestamp>(const CivilTime&)>& local_to_utc,
                               std::int32_t utc_offset_now_s) {
    const std::string_view all = trim(text);
    if (all == "now") return now;
    if (const auto age = parse_age(all, now)) return *age;
    CivilTime civil = civil_of(now, utc_offset_now_s);
    civil.nanosecond = 0;
    const CivilTime end_of_day{.hour = 23, .minute = 59, .second = 59, .nanosecond = nanoseconds_per_second - 1};
    const auto whole_day = [&](CivilTime day) {
        day.hour = end_of_day.hour, day.minute = end_of_day.minute, day.second = end_of_day.second, day.nanosecond = end_of_day.nanosecond;
        return local_to_utc(day);
    };
    if (all == "today") return whole_day(civil);
    if (all == "yesterday") return whole_day(civil_of({now.nanoseconds - seconds_per_day * nanoseconds_per_second}, utc_offset_now_s));
    std::string_view rest = all;
    const bool has_date = take_date(rest, civil);
    if (!has_date) rest = all;
    if (has_date && rest.empty()) return whole_day(civil);
    if (has_date && !take(rest, "T") && !take(rest, "t") && !take(rest, " ")) return not_a_time(text);
    civil.hour = civil.minute = civil.second = 0;
    if (!take_clock(rest, civil)) return not_a_time(text);
    if (rest.empty()) return local_to_utc(civil);
    const auto offset = take_offset(rest);
    if (!offset || !rest.empty() || !has_date) return not_a_time(text);
    return timestamp_of(civil, *offset);
}

}  // namespace holdfast

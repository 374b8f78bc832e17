#include "holdfast/history/calendar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <limits>

#include "holdfast/base/text.h"

namespace holdfast::history {
namespace {

constexpr std::int64_t hour_s = 3600, day_s = 86'400;

std::int64_t floor_divide(std::int64_t value, std::int64_t by) { return value / by - (value % by < 0 ? 1 : 0); }

std::int64_t local_seconds(Timestamp moment, std::int32_t utc_offset_s) {
    return floor_divide(moment.nanoseconds, nanoseconds_per_second) + utc_offset_s;
}

std::chrono::year_month_day date_of(std::int64_t day) { return std::chrono::sys_days{std::chrono::days{day}}; }

// Weeks since the one of 1969-12-29, a Monday.
std::int64_t week_of(std::int64_t day) { return floor_divide(day + 3, 7); }

// The year of a week is its Thursday's.
std::string week_name(std::int64_t day) {
    const std::int64_t thursday = week_of(day) * 7;
    const auto year = date_of(thursday).year();
    const std::int64_t january_1 = std::chrono::sys_days{year / 1 / 1}.time_since_epoch().count();
    return format("{:04}-W{:02}", static_cast<int>(year), (thursday - january_1) / 7 + 1);
}

struct Unit {
    std::string_view name;
    std::string_view word;
    std::uint32_t CalendarSpan::*field;
    std::uint32_t times;
};
constexpr std::array<Unit, 5> units = {{
    {"y", "year", &CalendarSpan::years, 1},
    {"mo", "month", &CalendarSpan::months, 1},
    {"d", "day", &CalendarSpan::days, 1},
    {"h", "hour", &CalendarSpan::hours, 1},
    {"w", "week", &CalendarSpan::days, 7},
}};
constexpr std::size_t units_kept = 4;  // a span keeps no weeks
constexpr std::size_t digits_max = 6;

Error no_span(std::string_view text) {
    return fail(ErrorCode::invalid, "read the span '{}': it is numbers, each with a unit: y, mo, w, d, h", printable(text)).with_advice("for example 48h, 30d, 2w or 1y6mo");
}

}  // namespace

PeriodKeys period_keys(Timestamp moment, std::int32_t utc_offset_s) {
    const std::int64_t local = local_seconds(moment, utc_offset_s);
    const std::int64_t day = floor_divide(local, day_s);
    const auto date = date_of(day);
    const std::int64_t year = static_cast<int>(date.year());
    const std::int64_t hour_began = floor_divide(local, hour_s) * hour_s - utc_offset_s;
    return {{hour_began, day, week_of(day), year * 12 + static_cast<unsigned>(date.month()) - 1, year}};
}

std::string period_name(Period period, Timestamp moment, std::int32_t utc_offset_s) {
    const auto civil = civil_of(moment, utc_offset_s);
    switch (period) {
        case Period::hour: {
            const std::int32_t minutes = (utc_offset_s < 0 ? -utc_offset_s : utc_offset_s) / 60;
            return format("{:04}-{:02}-{:02} {:02}:00 {}{:02}:{:02}", civil.year, civil.month, civil.day, civil.hour, utc_offset_s < 0 ? '-' : '+', minutes / 60, minutes % 60);
        }
        case Period::day: return format("{:04}-{:02}-{:02}", civil.year, civil.month, civil.day);
        case Period::week: return week_name(floor_divide(local_seconds(moment, utc_offset_s), day_s));
        case Period::month: return format("{:04}-{:02}", civil.year, civil.month);
        case Period::year: break;
    }
    return format("{:04}", civil.year);
}

std::string_view adverb_of(Period period) {
    constexpr std::array<std::string_view, period_count> words = {"hourly", "daily", "weekly", "monthly", "yearly"};
    return words[static_cast<std::size_t>(period)];
}

Result<CalendarSpan> parse_span(std::string_view given) {
    std::string_view rest = trim(given);
    CalendarSpan span;
    if (rest == "0") return span;
    if (rest.empty()) return no_span(given);
    std::array<bool, units.size()> seen{};
    while (!rest.empty()) {
        const std::size_t digits = rest.find_first_not_of("0123456789");
        if (digits == 0 || digits == std::string_view::npos || digits > digits_max) return no_span(given);
        std::uint32_t count = 0;
        std::from_chars(rest.data(), rest.data() + digits, count);
        rest.remove_prefix(digits);
        const std::string_view name = rest.substr(0, rest.find_first_of("0123456789"));
        std::size_t at = 0;
        while (at < units.size() && units[at].name != name) ++at;
        if (at == units.size() || seen[at]) return no_span(given);
        seen[at] = true;
        span.*units[at].field += count * units[at].times;
        rest.remove_prefix(name.size());
    }
    return span;
}

std::string to_text(const CalendarSpan& span) {
    std::string text;
    for (std::size_t at = 0; at < units_kept; ++at)
        if (span.*units[at].field > 0) text += format("{}{}", span.*units[at].field, units[at].name);
    return text.empty() ? "0" : text;
}

std::string in_words(const CalendarSpan& span) {
    std::string text;
    for (std::size_t at = 0; at < units_kept; ++at) {
        const std::uint32_t count = span.*units[at].field;
        if (count > 0) text += format("{}{} {}{}", text.empty() ? "" : ", ", count, units[at].word, count == 1 ? "" : "s");
    }
    return text.empty() ? "0 hours" : text;
}

namespace {

// direction: 1 or -1.
Timestamp moved(Timestamp moment, const CalendarSpan& span, const host::TimeZone& zone, std::int64_t direction) {
    constexpr std::int64_t years_most = 300, seconds_most = std::numeric_limits<std::int64_t>::max() / nanoseconds_per_second - 2 * day_s;
    const Timestamp bound{direction > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min()};
    if (span.years + std::int64_t{span.months} / 12 > years_most) return bound;
    const std::int64_t local = local_seconds(moment, zone.offset_s(moment));
    const std::int64_t day = floor_divide(local, day_s);
    const auto date = date_of(day);
    const std::int64_t months = static_cast<int>(date.year()) * 12LL + static_cast<unsigned>(date.month()) - 1 + direction * (span.years * 12LL + span.months);
    const std::chrono::year_month_day first{std::chrono::year(static_cast<int>(floor_divide(months, 12))),
                                            std::chrono::month(static_cast<unsigned>(months - floor_divide(months, 12) * 12 + 1)), std::chrono::day(1)};
    const std::int64_t there = std::chrono::sys_days{first}.time_since_epoch().count() + static_cast<unsigned>(date.day()) - 1 + direction * span.days;
    const std::int64_t as_if_utc = there * day_s + (local - day * day_s), elapsed = direction * span.hours * hour_s;
    if (std::max(std::abs(as_if_utc), std::abs(as_if_utc + elapsed)) > seconds_most) return bound;
    // The offset there, in two steps: the first is wrong by hours only, and only beside a change of clocks.
    const auto offset_at = [&](std::int64_t seconds) { return zone.offset_s({seconds * nanoseconds_per_second}); };
    const std::int64_t utc = as_if_utc - offset_at(as_if_utc - offset_at(as_if_utc)) + elapsed;
    const std::int64_t below_second = moment.nanoseconds - floor_divide(moment.nanoseconds, nanoseconds_per_second) * nanoseconds_per_second;
    return {utc * nanoseconds_per_second + below_second};
}

}  // namespace

Timestamp minus(Timestamp moment, const CalendarSpan& span, const host::TimeZone& zone) { return moved(moment, span, zone, -1); }
Timestamp plus(Timestamp moment, const CalendarSpan& span, const host::TimeZone& zone) { return moved(moment, span, zone, 1); }

}  // namespace holdfast::history

// Calendar periods of a moment in a zone: its hour, day, ISO week, month and year, as keys that grow with time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/base/time.h"
#include "holdfast/host/time_zone.h"

namespace holdfast::history {

enum class Period : std::uint8_t { hour, day, week, month, year };
constexpr std::size_t period_count = 5;

// Equal keys: the same period. The greater key is the later one. Nothing here asks what time it is now.
struct PeriodKeys {
    std::int64_t of[period_count] = {};
    std::int64_t operator[](Period period) const { return of[static_cast<std::size_t>(period)]; }
};
// An hour is told from its twin when clocks go back: its key is the instant at which it began. Weeks begin on Monday.
PeriodKeys period_keys(Timestamp moment, std::int32_t utc_offset_s);

// "2026-08-01 09:00 +02:00", "2026-08-01", "2026-W31" (ISO 8601: W53 may lie in January), "2026-08", "2026".
std::string period_name(Period period, Timestamp moment, std::int32_t utc_offset_s);
// "hourly", "daily", "weekly", "monthly", "yearly".
std::string_view adverb_of(Period period);

// A span as people write it: "30d", "1y6mo", "2w", "48h".
struct CalendarSpan {
    std::uint32_t years = 0, months = 0, days = 0, hours = 0;
    auto operator<=>(const CalendarSpan&) const = default;
    bool is_zero() const { return *this == CalendarSpan{}; }
};
// Numbers and units y, mo, w, d, h, each unit once; "0" is none. `invalid` explains the form.
Result<CalendarSpan> parse_span(std::string_view text);
std::string to_text(const CalendarSpan& span);  // "1y6mo", "0"; weeks come out as days
std::string in_words(const CalendarSpan& span);  // "30 days", "1 year, 6 months"

// So much earlier on the zone's calendar; hours are elapsed time. A day that the month does not have runs on into the next
// one, as in restic (a month before March 31 is March 3, or 2). The earliest time there is stands for those before it.
Timestamp minus(Timestamp moment, const CalendarSpan& span, const host::TimeZone& zone);
// The same, later; the latest time there is stands for those after it.
Timestamp plus(Timestamp moment, const CalendarSpan& span, const host::TimeZone& zone);

}  // namespace holdfast::history

// Time values: Timestamp (UTC, nanoseconds since 1970), RFC 3339 text, and reading what people type.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

#include "holdfast/base/error.h"

namespace holdfast {

struct Timestamp {
    std::int64_t nanoseconds = 0;  // since 1970-01-01T00:00:00Z, leap seconds not counted
    auto operator<=>(const Timestamp&) const = default;
};
constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

// The calendar of a moment at a fixed offset from UTC.
struct CivilTime {
    int year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
    std::int64_t nanosecond = 0;
};
CivilTime civil_of(Timestamp moment, std::int32_t utc_offset_s = 0);
// Fails `invalid`: no such date or time, a year outside 1678…2261, an offset of more than a day.
Result<Timestamp> timestamp_of(const CivilTime& civil, std::int32_t utc_offset_s);

std::string to_rfc3339(Timestamp moment, std::int32_t utc_offset_s = 0);  // "2026-08-01T09:30:00.123Z", milliseconds
std::string to_display(Timestamp moment, std::int32_t utc_offset_s);      // "2026-08-01 09:30:00"
std::string human_age(std::int64_t seconds);                              // "3 min ago", "2 days ago", "in 5 s"

// RFC 3339 ("2026-08-01T09:30:00Z", "+02:00"), local time ("2026-08-01 09:30[:00]", "2026-08-01", "09:30"),
// and ages ("2 hours ago", "90m ago", "yesterday", "now"). local_to_utc gives the moment of a local calendar time.
// A date without a time is its end ("what was on that day"); fails `invalid` with examples.
Result<Timestamp> parse_moment(std::string_view text, Timestamp now,
                               const std::function<Result<Timestamp>(const CivilTime&)>& local_to_utc,
                               std::int32_t utc_offset_now_s);

}  // namespace holdfast

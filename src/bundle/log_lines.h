// The lines of an application's log that were written within a span of time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/time.h"

namespace holdfast::bundle {

// The moment that a line says it was written: the first date with a time in its first 200 bytes (2026-01-02T03:04:05Z,
// 2026-01-02 03:04:05,123, +02:00). Without an offset it is `local_to_utc`'s. None: it tells none.
using LocalToUtc = std::function<Result<Timestamp>(const CivilTime&)>;
std::optional<Timestamp> time_of_line(std::string_view line, const LocalToUtc& local_to_utc);

struct LogSpan {
    Timestamp after, until;
};
struct LogLines {
    std::string text;
    bool has_times = false;  // false: no line tells its time, and all of them are there
};
// A line that tells no time goes with the one before it.
LogLines lines_within(std::string_view log, const LogSpan& span, const LocalToUtc& local_to_utc);

}  // namespace holdfast::bundle

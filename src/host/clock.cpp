#include "holdfast/host/clock.h"

#include <time.h>

#include <algorithm>
#include <cerrno>

namespace holdfast::host {
namespace {

std::int64_t nanoseconds_of(clockid_t clock) {
    timespec time{};
    ::clock_gettime(clock, &time);
    return std::int64_t{time.tv_sec} * nanoseconds_per_second + time.tv_nsec;
}

class SystemClock final : public Clock {
public:
    Timestamp now() override { return {nanoseconds_of(CLOCK_REALTIME)}; }
    std::int64_t monotonic_ns() override { return nanoseconds_of(CLOCK_MONOTONIC); }
    void sleep_ms(std::int64_t ms) override {
        if (ms <= 0) return;
        timespec rest{.tv_sec = ms / 1000, .tv_nsec = (ms % 1000) * 1'000'000};
        while (::clock_nanosleep(CLOCK_MONOTONIC, 0, &rest, &rest) == EINTR) {
        }
    }
};

std::int64_t floor_seconds(std::int64_t nanoseconds) {
    const auto seconds = nanoseconds / nanoseconds_per_second;
    return nanoseconds % nanoseconds_per_second < 0 ? seconds - 1 : seconds;
}

std::int64_t offset_at(std::int64_t seconds) {
    const time_t time = seconds;
    tm local{};
    ::tzset();  // localtime_r alone need not look at TZ
    return ::localtime_r(&time, &local) ? local.tm_gmtoff : 0;
}

}  // namespace

Clock& system_clock() {
    static SystemClock clock;
    return clock;
}

std::int32_t local_offset_s(Timestamp moment) {
    return static_cast<std::int32_t>(offset_at(floor_seconds(moment.nanoseconds)));
}

// The two offsets that a time near a change of clocks may have are those in force a day before and a day after.
Result<Timestamp> local_to_utc(const CivilTime& civil) {
    constexpr std::int64_t day_s = 86'400;
    const auto as_if_utc = floor_seconds(TRY(timestamp_of(civil, 0)).nanoseconds);
    const auto before = offset_at(as_if_utc - day_s), after = offset_at(as_if_utc + day_s);
    const auto fits = [&](std::int64_t offset) { return offset_at(as_if_utc - offset) == offset; };
    // A smaller offset is a later moment.
    const auto late = std::min(before, after), early = std::max(before, after);
    const auto offset = fits(late) ? late : fits(early) ? early : before;
    return timestamp_of(civil, static_cast<std::int32_t>(offset));
}

}  // namespace holdfast::host

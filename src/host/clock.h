// Time: now, the monotonic clock, sleeping, and the local calendar.
#pragma once

#include <cstdint>

#include "holdfast/base/time.h"

namespace holdfast::host {

class Clock {
public:
    virtual ~Clock() = default;
    virtual Timestamp now() = 0;                 // may jump when the clock is set
    virtual std::int64_t monotonic_ns() = 0;     // never goes back
    virtual void sleep_ms(std::int64_t ms) = 0;
};
Clock& system_clock();

// The local calendar by the C library's zone (TZ, /etc/localtime).
std::int32_t local_offset_s(Timestamp moment);
// A time that occurs twice (clocks set back) is the later one; one that is skipped is as far after the jump.
Result<Timestamp> local_to_utc(const CivilTime& civil);

// A stopwatch for reports.
class Stopwatch {
public:
    explicit Stopwatch(Clock& clock) : clock_(clock), start_ns_(clock.monotonic_ns()) {}
    double ms() const { return static_cast<double>(clock_.monotonic_ns() - start_ns_) / 1e6; }

private:
    Clock& clock_;
    std::int64_t start_ns_;
};

}  // namespace holdfast::host

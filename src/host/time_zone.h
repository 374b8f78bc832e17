// A time zone: the offset from UTC that holds at a moment, by the system's tzdata or the C library.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/base/time.h"

namespace date {
class time_zone;
}

namespace holdfast::host {

// A value, cheap to copy; safe from several threads.
class TimeZone {
public:
    static TimeZone utc();
    // This machine's: TZ, else /etc/localtime, as the C library reads them whenever it is asked.
    static TimeZone local();
    // "Europe/Berlin" (a name of tzdata), "UTC" or "local". `invalid` names the nearest; `unavailable` when there is no
    // tzdata or the zone's file cannot be read.
    static Result<TimeZone> find(std::string_view name);

    const std::string& name() const { return name_; }
    // Seconds east of UTC. After 2037 it is what holds at the end of the zone's table.
    std::int32_t offset_s(Timestamp moment) const;

private:
    enum class Kind { utc, local, named };
    TimeZone(Kind kind, std::string name, const date::time_zone* zone) : kind_(kind), name_(std::move(name)), zone_(zone) {}

    Kind kind_;
    std::string name_;
    const date::time_zone* zone_;  // of the library's table, which lives as long as the process
};

}  // namespace holdfast::host

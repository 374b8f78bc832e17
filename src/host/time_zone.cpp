#include "holdfast/host/time_zone.h"

#include <date/tz.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <vector>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"

namespace holdfast::host {
namespace {

date::sys_seconds seconds_of(Timestamp moment) {
    return std::chrono::floor<std::chrono::seconds>(date::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(moment.nanoseconds)));
}

std::string lower(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return out;
}

// "berlin", "europe/berln": what is meant is found by the whole name or by its last part, whatever its case.
std::string nearest_zone(std::string_view name, const date::tzdb& table) {
    std::vector<std::string> names, cities;
    for (const auto& zone : table.zones) {
        names.push_back(lower(zone.name()));
        cities.push_back(names.back().substr(names.back().rfind('/') + 1));
    }
    const auto original = [&](const std::vector<std::string>& in, const std::string& found) {
        const auto at = static_cast<std::size_t>(std::ranges::find(in, found) - in.begin());
        return found.empty() || at == in.size() ? std::string() : std::string(table.zones[at].name());
    };
    std::string wanted = lower(name);
    std::ranges::replace(wanted, ' ', '_');
    const bool has_place = wanted.find('/') != std::string::npos;
    const auto found = original(has_place ? names : cities, nearest(wanted, has_place ? names : cities));
    return found.empty() ? original(names, nearest(wanted, names)) : found;
}

Error no_such_zone(std::string_view name, const date::tzdb& table) {
    const auto near = nearest_zone(name, table);
    return fail(ErrorCode::invalid, "there is no time zone '{}'", printable(name))
        .with_advice(near.empty() ? "a name as Europe/Berlin, UTC or local" : format("{}; or UTC, or local", near));
}

}  // namespace

TimeZone TimeZone::utc() { return {Kind::utc, "UTC", nullptr}; }
TimeZone TimeZone::local() { return {Kind::local, "local", nullptr}; }

Result<TimeZone> TimeZone::find(std::string_view name) {
    if (name == "UTC") return utc();
    if (name == "local") return local();
    try {
        const auto& table = date::get_tzdb();
        const auto at = std::ranges::find_if(table.zones, [&](const date::time_zone& zone) { return zone.name() == name; });
        if (at == table.zones.end()) return no_such_zone(name, table);
        static_cast<void>(at->get_info(date::sys_seconds{}));  // reads its file: offset_s() has no other failure
        return TimeZone(Kind::named, std::string(name), &*at);
    } catch (const std::exception& error) {
        return fail(ErrorCode::unavailable, "read the time zone '{}': {}", printable(name), printable(error.what()))
            .with_advice("install tzdata, or use UTC or local");
    }
}

std::int32_t TimeZone::offset_s(Timestamp moment) const {
    if (kind_ == Kind::utc) return 0;
    if (kind_ == Kind::local) return local_offset_s(moment);
    return static_cast<std::int32_t>(zone_->get_info(seconds_of(moment)).offset.count());
}

}  // namespace holdfast::host

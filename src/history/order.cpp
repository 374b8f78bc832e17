#include <algorithm>
#include <limits>
#include <vector>

#include "holdfast/history/history.h"

namespace holdfast::history {

namespace {

constexpr std::string_view adopting = " adopt";

}  // namespace

std::string adopting_program(std::string_view program) { return std::string(program).append(adopting); }

bool is_adopted(const repository::Snapshot& snapshot) { return snapshot.program.ends_with(adopting); }

bool is_misdated(const repository::Snapshot& snapshot) {
    const bool is_known = snapshot.began != Timestamp{};
    return is_adopted(snapshot) && is_known && is_in_future(snapshot.time, snapshot.began);
}

std::vector<const Moment*> newest_first(std::span<const Moment> moments) {
    // When each stands: its own time if it was adopted (before all if that cannot be), else the latest of all that were made here up to it.
    constexpr Timestamp before_all{std::numeric_limits<std::int64_t>::min()};
    struct Place {
        Timestamp when;
        const Moment* moment;
    };
    std::vector<Place> places;
    Timestamp latest{};
    for (const auto& moment : moments) {
        const bool is_from_elsewhere = is_adopted(moment.snapshot);
        if (!is_from_elsewhere) latest = std::max(latest, moment.snapshot.time);
        places.push_back({.when = is_misdated(moment.snapshot) ? before_all : is_from_elsewhere ? moment.snapshot.time : latest, .moment = &moment});
    }
    std::ranges::sort(places, std::greater(), [](const Place& place) { return std::pair(place.when, place.moment->snapshot.number); });
    std::vector<const Moment*> ordered;
    for (const auto& place : places) ordered.push_back(place.moment);
    return ordered;
}

}  // namespace holdfast::history

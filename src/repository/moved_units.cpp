#include "holdfast/repository/moved_units.h"

#include <algorithm>

namespace holdfast::repository {

namespace {

constexpr std::uint64_t key_of(std::uint32_t tail, std::uint32_t position) {
    return (std::uint64_t{tail} << 32) | position;
}

}  // namespace

MovedUnits::MovedUnits(const std::vector<std::uint32_t>& tails) {
    HOLDFAST_ASSERT(tails.size() <= UINT32_MAX);
    sorted_.reserve(tails.size());
    for (std::size_t i = 0; i < tails.size(); ++i) sorted_.push_back(key_of(tails[i], static_cast<std::uint32_t>(i)));
    std::ranges::sort(sorted_);
}

std::vector<std::uint32_t> MovedUnits::find(std::uint32_t tail, std::uint32_t near) const {
    const auto is_same = [&](std::uint64_t key) { return static_cast<std::uint32_t>(key >> 32) == tail; };
    const auto position_of = [](std::uint64_t key) { return static_cast<std::uint32_t>(key); };
    auto above = std::ranges::lower_bound(sorted_, key_of(tail, near));
    auto below = above;
    std::vector<std::uint32_t> positions;
    while (positions.size() < places_max) {
        const bool has_above = above != sorted_.end() && is_same(*above);
        const bool has_below = below != sorted_.begin() && is_same(*std::prev(below));
        if (!has_above && !has_below) break;
        const bool take_above = has_above && (!has_below || position_of(*above) - near <= near - position_of(*std::prev(below)));
        positions.push_back(take_above ? position_of(*above++) : position_of(*--below));
    }
    return positions;
}

}  // namespace holdfast::repository

// Floors: every story of a fault prints how many cuts and disturbed steps it went through, and fails below its floor.
//
// A Story of power_cuts.h with a static floor(). The counts are the same in every run; a floor stands close under them,
// and only grows: fewer steps are a story that does less than it did, and its tests with it.
#pragma once

#include <gtest/gtest.h>

#include <iostream>
#include <string_view>

#include "support/power_cuts.h"

namespace holdfast::tests {

struct Floor {
    std::string_view story;
    std::uint64_t seeds = 1;
    std::uint64_t cuts = 0;
    std::uint64_t disturbed = 0;  // steps that failed in one of two ways, or from which on the disk was full
};

template <typename Story>
void expect_kept_at_every_cut() {
    constexpr Floor floor = Story::floor();
    const auto cuts = cut_power_at_every_step<Story>(floor.seeds);
    std::cout << floor.story << ": " << cuts << " power cuts (floor " << floor.cuts << ")\n";
    EXPECT_GE(cuts, floor.cuts);
}

template <typename Story>
void expect_kept_when_any_step_fails() {
    constexpr Floor floor = Story::floor();
    const auto full = fail_every_step<Story>(ErrorCode::full), broken = fail_every_step<Story>(ErrorCode::unavailable),
               filled = fill_disk_at_every_step<Story>();
    std::cout << floor.story << ": " << full + broken << " failed steps, " << filled << " full disks (floor "
              << floor.disturbed << ")\n";
    EXPECT_GE(full + broken + filled, floor.disturbed);
}

}  // namespace holdfast::tests

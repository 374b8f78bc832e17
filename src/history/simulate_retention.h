// Simulating retention: a schedule's backups, one after the other, with the policy applied after each, as in real life.
#pragma once

#include <span>
#include <vector>

#include "holdfast/history/retention.h"

namespace holdfast::history {

struct SimulatedRetention {
    RetentionPlan left;               // what remains in the end, newest first, with the reasons of the last run
    std::uint64_t made = 0;           // backups
    std::uint64_t most = 0;           // that were kept at once, after a run of the policy
    Timestamp most_at{};
};

// Backups like this one at these times (ascending). Takes time in proportion to the backups times what the
// policy keeps.
Result<SimulatedRetention> simulate_retention(std::span<const Timestamp> times, const RetentionCandidate& like, const RetentionPolicy& policy,
                                              const host::TimeZone& zone);

}  // namespace holdfast::history

#include "holdfast/history/simulate_retention.h"

#include "holdfast/history/retention_decision.h"

namespace holdfast::history {

Result<SimulatedRetention> simulate_retention(std::span<const Timestamp> times, const RetentionCandidate& like, const RetentionPolicy& policy,
                                              const host::TimeZone& zone) {
    TRY(expect_keeping(policy));
    std::vector<RetentionCandidate> made;
    for (const auto time : times) {
        auto& candidate = made.emplace_back(like);
        candidate.number = {made.size()};
        candidate.time = time;
    }
    SimulatedRetention result{.left = {}, .made = made.size(), .most = 0, .most_at = {}};
    const Safeguards guards{.minimum_keep = policy.minimum_keep, .undo_within = &policy.undo_within};
    std::vector<DatedCandidate> kept;  // newest first
    for (const auto& candidate : made) {
        kept.insert(kept.begin(), dated(candidate, zone));
        const auto groups = groups_of(kept, policy);
        const auto decision = decide(kept, groups, guards, {.zone = zone, .now = candidate.time});
        std::size_t stay = 0;
        for (std::size_t at = 0; at < kept.size(); ++at)
            if (decision.kept[at]) kept[stay++] = kept[at];
        kept.resize(stay);
        if (kept.size() <= result.most) continue;
        result.most = kept.size();
        result.most_at = candidate.time;
    }
    std::vector<RetentionCandidate> left;
    for (const auto& dated : kept) left.push_back(*dated.candidate);
    auto rules_alone = policy;  // as in each run before: backups are verified now and then
    rules_alone.oldest_unproven = OldestUnproven::goes;
    result.left = TRY(plan_retention(left, rules_alone, {.zone = zone, .now = made.empty() ? Timestamp{} : made.back().time}));
    return result;
}

}  // namespace holdfast::history

#include "holdfast/history/retention_decision.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <ranges>
#include <tuple>

namespace holdfast::history {
namespace {

class Decider {
public:
    Decider(std::span<const DatedCandidate> candidates, const RetentionMoment& when) : candidates_(candidates), when_(when) {
        decision_.kept.resize(candidates.size());
    }

    void apply(const RuleGroup& group) {
        const auto edge = edge_of(group);
        for (const std::size_t at : group.members) {
            if (group.rule->all) mark({.at = at, .mark = Mark::all, .group = &group});
            if (edge && !is_future(at)) mark({.at = at, .mark = time_of(at) > *edge ? Mark::within : Mark::not_within, .group = &group});
        }
        apply_counts(group);
    }

    void guard(const Safeguards& guards) {
        for (std::size_t at = 0; at < candidates_.size(); ++at) {
            if (of(at).held) mark({.at = at, .mark = Mark::held});
            if (!of(at).in_use.empty()) mark({.at = at, .mark = Mark::in_use});
            if (is_future(at)) mark({.at = at, .mark = Mark::in_future});
        }
        if (guards.undo_within != nullptr) keep_undo(*guards.undo_within);
        if (guards.floor == Safeguards::Floor::waived) return;
        keep_newest(&RetentionCandidate::verified, Mark::last_verified);
        const bool is_one_proven = keep_newest(&RetentionCandidate::proven, Mark::last_proven);
        if (!is_one_proven && guards.oldest_unproven == OldestUnproven::stays) keep_oldest();
        keep_minimum(guards.minimum_keep);
        judge_flawed();
    }

    void mark_not_meant(std::span<const RuleGroup> groups) {
        std::vector<bool> meant(candidates_.size());
        for (const auto& group : groups)
            for (const std::size_t at : group.members) meant[at] = true;
        for (std::size_t at = 0; at < meant.size(); ++at)
            if (!meant[at]) mark({.at = at, .mark = Mark::not_meant});
    }

    Decision take() { return std::move(decision_); }

private:
    const RetentionCandidate& of(std::size_t at) const { return *candidates_[at].candidate; }
    Timestamp time_of(std::size_t at) const { return of(at).time; }
    bool is_future(std::size_t at) const { return time_of(at) > when_.now; }
    bool counts(std::size_t at) const { return of(at).flaw.empty() && !is_future(at); }  // takes a place in a rule
    bool is_sound(std::size_t at) const { return counts(at) && of(at).kind != repository::SnapshotKind::safety; }

    void mark(Finding finding) {
        if (keeps(finding.mark)) decision_.kept[finding.at] = true;
        decision_.findings.push_back(finding);
    }

    // What `within` reaches back to from the newest of the group that counts; where none of the group does, from the newest
    // of all: otherwise the next backup would bring back what had been dropped.
    std::optional<Timestamp> edge_of(const RuleGroup& group) const {
        if (group.rule->within.is_zero()) return std::nullopt;
        const auto is_counted = [&](std::size_t at) { return counts(at); };
        const auto newest = std::ranges::find_if(group.members, is_counted);
        const auto everyone = std::views::iota(std::size_t{0}, candidates_.size());
        const auto newest_of_all = std::ranges::find_if(everyone, is_counted);
        if (newest_of_all == everyone.end()) return std::nullopt;
        return minus(time_of(newest == group.members.end() ? *newest_of_all : *newest), group.rule->within, when_.zone);
    }

    struct Counter {
        KeepCount used = 0;
        std::int64_t key = std::numeric_limits<std::int64_t>::max();  // of the last one kept
        repository::SnapshotNumber kept{};
    };

    void apply_counts(const RuleGroup& group) {
        const RetentionRule& rule = *group.rule;
        KeepCount last_used = 0;
        std::array<Counter, period_count> counters;
        const auto counting = [&](std::size_t at) { return counts(at); };
        const auto oldest = std::ranges::find_if(group.members.rbegin(), group.members.rend(), counting);
        for (const std::size_t at : group.members) {
            if (!counts(at)) continue;
            if (rule.last > last_used) mark({.at = at, .mark = Mark::last, .ordinal = ++last_used, .group = &group});
            else if (rule.last > 0) mark({.at = at, .mark = Mark::last_full, .group = &group});
            for (std::size_t p = 0; p < period_count; ++p) {
                const auto period = static_cast<Period>(p);
                if (rule.of(period) > 0) apply_period({.at = at, .period = period, .group = &group}, counters[p], at == *oldest);
            }
        }
    }

    // The newest of each period is kept while the count lasts, and then the oldest of all. Keys fall as the walk goes back in
    // time; where clocks that go back over midnight bring one up again, its day has been seen.
    void apply_period(Finding finding, Counter& counter, bool is_oldest) {
        const std::int64_t key = candidates_[finding.at].keys[finding.period];
        const bool is_new = key < counter.key;
        finding.other = counter.kept;
        if (counter.used >= finding.group->rule->of(finding.period)) {
            finding.mark = Mark::period_full;
        } else if (is_new || is_oldest) {
            finding.mark = is_new ? Mark::period : Mark::oldest_of_period;
            finding.ordinal = ++counter.used;
            counter.key = std::min(key, counter.key);
            counter.kept = of(finding.at).number;
        } else {
            finding.mark = Mark::period_has_newer;
        }
        mark(finding);
    }

    // An undo goes back to what a restore replaced, so it is kept whole or not.
    void keep_undo(const CalendarSpan& within) {
        std::optional<Timestamp> edge;
        bool has_newest = false;
        for (std::size_t at = 0; at < candidates_.size(); ++at) {
            if (!edge && counts(at)) edge = minus(time_of(at), within, when_.zone);
            if (of(at).kind != repository::SnapshotKind::safety || is_future(at)) continue;
            if (!has_newest) mark({.at = at, .mark = Mark::newest_safety});
            has_newest = true;
            if (!edge || time_of(at) > *edge) mark({.at = at, .mark = Mark::undo});
        }
    }

    bool keep_newest(bool RetentionCandidate::*is_so, Mark why) {
        for (std::size_t at = 0; at < candidates_.size(); ++at) {
            if (!is_sound(at) || !(of(at).*is_so)) continue;
            mark({.at = at, .mark = why});
            return true;
        }
        return false;
    }

    void keep_oldest() {
        for (std::size_t at = candidates_.size(); at-- > 0;) {
            if (!is_sound(at)) continue;
            mark({.at = at, .mark = Mark::none_proven});
            return;
        }
    }

    void keep_minimum(KeepCount minimum) {
        std::size_t kept = 0;
        for (std::size_t at = 0; at < candidates_.size(); ++at) kept += is_sound(at) && decision_.kept[at];
        for (std::size_t at = 0; at < candidates_.size() && kept < minimum; ++at) {
            if (!is_sound(at) || decision_.kept[at]) continue;
            mark({.at = at, .mark = Mark::minimum});
            ++kept;
        }
    }

    void judge_flawed() {
        std::optional<repository::SnapshotNumber> newer;
        for (std::size_t at = 0; at < candidates_.size(); ++at) {
            if (is_sound(at) && decision_.kept[at]) newer = of(at).number;
            if (of(at).flaw.empty() || is_future(at)) continue;
            mark({.at = at, .mark = newer ? Mark::newer_whole : Mark::only_flawed, .other = newer.value_or(repository::SnapshotNumber{})});
        }
    }

    std::span<const DatedCandidate> candidates_;
    const RetentionMoment& when_;
    Decision decision_;
};

const RetentionRule& rule_of(repository::SnapshotKind kind, const RetentionPolicy& policy) {
    return kind == repository::SnapshotKind::manual ? policy.manual : kind == repository::SnapshotKind::safety ? policy.safety : policy.automatic;
}

}  // namespace

bool keeps(Mark mark) { return mark < Mark::last_full; }

DatedCandidate dated(const RetentionCandidate& candidate, const host::TimeZone& zone) {
    const auto offset = zone.offset_s(candidate.time);
    return {.candidate = &candidate, .utc_offset_s = offset, .keys = period_keys(candidate.time, offset)};
}

void sort_newest_first(std::vector<DatedCandidate>& candidates) {
    std::ranges::sort(candidates, [](const DatedCandidate& a, const DatedCandidate& b) {
        return std::tie(a.candidate->time, a.candidate->number) > std::tie(b.candidate->time, b.candidate->number);
    });
}

Decision decide(std::span<const DatedCandidate> candidates, std::span<const RuleGroup> groups, const Safeguards& guards, const RetentionMoment& when) {
    Decider decider(candidates, when);
    for (const auto& group : groups) decider.apply(group);
    decider.mark_not_meant(groups);
    decider.guard(guards);
    return decider.take();
}

bool carries(const RetentionCandidate& candidate, std::string_view tag) {
    return std::ranges::any_of(candidate.tags, [&](std::string_view own) { return own == tag || own.substr(0, own.find('=')) == tag; });
}

std::vector<RuleGroup> groups_of(std::span<const DatedCandidate> candidates, const RetentionPolicy& policy) {
    using repository::SnapshotKind;
    std::vector<RuleGroup> groups;
    for (const auto& [tag, rule] : policy.tags) groups.push_back({.title = "tag " + tag + ": ", .rule = &rule, .members = {}});
    std::map<SnapshotKind, RuleGroup> kinds;
    for (const auto kind : {SnapshotKind::manual, SnapshotKind::automatic, SnapshotKind::safety}) kinds[kind].rule = &rule_of(kind, policy);
    for (std::size_t at = 0; at < candidates.size(); ++at) {
        const auto& candidate = *candidates[at].candidate;
        std::size_t group = 0;
        bool has_tag_rule = false;
        for (const auto& [tag, rule] : policy.tags) {
            if (carries(candidate, tag)) {
                groups[group].members.push_back(at);
                has_tag_rule = true;
            }
            ++group;
        }
        if (!has_tag_rule) kinds[candidate.kind].members.push_back(at);
    }
    for (auto& [kind, group] : kinds) groups.push_back(std::move(group));
    return groups;
}

}  // namespace holdfast::history

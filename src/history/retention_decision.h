// The decision behind a retention plan: which rules mark which backups, without words. Plans word it; simulations count it.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "holdfast/history/retention.h"

namespace holdfast::history {

// A candidate on its zone's calendar. Reference to the candidate's owner.
struct DatedCandidate {
    const RetentionCandidate* candidate = nullptr;
    std::int32_t utc_offset_s = 0;
    PeriodKeys keys;
};
DatedCandidate dated(const RetentionCandidate& candidate, const host::TimeZone& zone);
// Newest first; equal times by number.
void sort_newest_first(std::vector<DatedCandidate>& candidates);

// Backups that one rule looks at, together: it counts among them alone.
struct RuleGroup {
    std::string title;                 // "" or "tag archive: ", before the rule's reasons
    const RetentionRule* rule = nullptr;
    std::vector<std::size_t> members;  // ascending in the order of the candidates: newest first
};

// Why one stays, or what a rule says of one that goes.
enum class Mark : std::uint8_t {
    last, period, oldest_of_period, within, all,                         // a rule keeps it
    held, in_use, in_future, not_meant, undo, newest_safety, last_verified, last_proven, none_proven, minimum, only_flawed,  // it stays whatever they say
    last_full, period_full, period_has_newer, not_within,                // a rule does not keep it
    newer_whole,                                                         // it is flawed
};
bool keeps(Mark mark);

struct Finding {
    std::size_t at = 0;     // in the candidates
    Mark mark = Mark::last;
    Period period = Period::hour;
    KeepCount ordinal = 0;  // the how many-th that the rule keeps
    const RuleGroup* group = nullptr;
    repository::SnapshotNumber other{};  // who stands for its period; the newer whole one
};

struct Decision {
    std::vector<bool> kept;
    std::vector<Finding> findings;  // in no order; at least one for each candidate
};

// What holds beside the rules.
struct Safeguards {
    KeepCount minimum_keep = 1;
    const CalendarSpan* undo_within = nullptr;  // null: safety backups have no rule of their own here
    OldestUnproven oldest_unproven = OldestUnproven::goes;
    // waived: neither the minimum nor the last verified backup stays, nor a flawed one for want of a whole one.
    enum class Floor : std::uint8_t { holds, waived } floor = Floor::holds;
};

// The candidates are sorted; those in no group are not meant, and stay. The decision's groups are the span's.
Decision decide(std::span<const DatedCandidate> candidates, std::span<const RuleGroup> groups, const Safeguards& guards, const RetentionMoment& when);

// The groups of a policy: one for each kind, one for each tag that has a rule.
std::vector<RuleGroup> groups_of(std::span<const DatedCandidate> candidates, const RetentionPolicy& policy);
bool carries(const RetentionCandidate& candidate, std::string_view tag);

}  // namespace holdfast::history

// Retention: a verdict, with its reasons, for every backup of one source. Pure: no clock, no store; time comes as a value.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "holdfast/history/retention_policy.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::history {

// What the rules look at in one backup.
struct RetentionCandidate {
    repository::SnapshotNumber number;
    Timestamp time;
    repository::SnapshotKind kind = repository::SnapshotKind::automatic;
    std::vector<std::string> tags{};      // "archive", "team=blue"
    std::optional<std::string> held{};    // why, "" when nobody said
    std::string flaw{};                   // "partial", "damaged", ...; empty: whole and not known to be damaged
    std::string in_use{};                 // by whom, who may go back to it
    bool verified = false;                // its newest verification found it good
    bool proven = false;                  // it was opened in SQLite, or restored by a drill, and was good
};

struct Verdict {
    repository::SnapshotNumber number;
    Timestamp time;
    bool kept = false;
    std::vector<std::string> reasons;  // at least one
};
struct RetentionPlan {
    std::vector<Verdict> verdicts;  // newest first; equal times by number
    std::vector<repository::SnapshotNumber> dropped() const;  // ascending
};

// When and where the rules are applied. The zone's calendar says what a day is.
struct RetentionMoment {
    host::TimeZone zone = host::TimeZone::local();
    Timestamp now{};
};

// The candidates are all backups of one source that are not forgotten. Whatever the rules say: what is held, or in use, stays; what
// lies in the future stays, is never the latest, and takes nobody's place; so do flawed ones, which go only when a newer
// whole one stays; the last verified and the last proven backup (where none is proven, the oldest whole one) and minimum_keep
// whole ones stay.
// `invalid`: a rule is empty.
Result<RetentionPlan> plan_retention(std::span<const RetentionCandidate> candidates, const RetentionPolicy& policy, const RetentionMoment& when);

// The rules of the policy that look at such a backup: "last 10, daily 7", "tag archive: yearly 10".
std::string rules_for(const RetentionCandidate& candidate, const RetentionPolicy& policy);

// One rule, once, for the backups meant and instead of the policy; all others stay.
struct RetentionOnce {
    RetentionRule rule;
    std::set<repository::SnapshotNumber> meant;
    KeepCount minimum_keep = 1;
    // allow: an empty rule is taken at its word; neither minimum_keep nor the last verified backup hold. Holds do.
    enum class RemoveAll : std::uint8_t { refuse, allow } remove_all = RemoveAll::refuse;
};
// `invalid`: the rule is empty and remove_all is not allowed.
Result<RetentionPlan> plan_once(std::span<const RetentionCandidate> candidates, const RetentionOnce& once, const RetentionMoment& when);

}  // namespace holdfast::history

// retention simulate: what a policy would keep of the backups of a schedule.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/forget.h"

namespace holdfast::operations {

struct SimulateRetentionRequest {
    std::string schedule = "hourly";
    std::string span = "1y";
    std::string from;
    std::string kind = "automatic";
    std::string tag;
    std::string source;
    std::string time_zone;
    KeepRequest keep;
    SettingsRequest settings = {};
    static OperationText operation() {
        return {.name = "retention simulate",
                .sentence = "Show what a retention policy would leave of a schedule's backups.",
                .details = "A backup is imagined at each time of the schedule, and the policy applied after each, as it would be. No repository is needed. With a --keep flag "
                           "that rule stands instead of the policy's.",
                .examples = {{"holdfast retention simulate", "a year of hourly backups under the policy"},
                             {"holdfast retention simulate --schedule 'daily 02:30' --for 2y --keep-daily 7 --keep-monthly 12", ""},
                             {"holdfast retention simulate --schedule 'every 15m' --for 30d --json", "for a program"}}};
    }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(schedule, {.name = "schedule", .sentence = "hourly, daily, 'daily 02:30', weekly (Mondays), monthly (the 1st), 'every 15m'.", .value = "TIMES"});
        visit(span, {.name = "for", .sentence = "How long (30d, 6mo, 1y).", .value = "SPAN"});
        visit(from, {.name = "from", .sentence = "From this time on; otherwise so that the last backup is just before now.", .value = "TIME"});
        visit(kind, {.name = "kind", .sentence = "manual, automatic or safety.", .value = "KIND"});
        visit(tag, {.name = "tag", .sentence = "The tag that the backups carry.", .value = "TAG"});
        visit(source, {.name = "source", .sentence = "Under the policy of this source.", .value = "NAME"});
        visit(time_zone, {.name = "time-zone", .sentence = "Instead of the policy's: a name as Europe/Berlin, UTC, or local.", .value = "ZONE"});
        keep.describe(visit);
        settings.describe(visit);
    }
};
struct SimulateRetentionReport {
    std::string policy, time_zone;
    std::uint64_t made = 0, left = 0, most = 0;
    Timestamp from, to, most_at;
    std::vector<RetentionVerdict> kept;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("policy", policy, "The rule that was applied.");
        visit("time_zone", time_zone, "The zone whose days it counts.");
        visit("from", from, "Beginning.");
        visit("to", to, "End.");
        visit("made", made, "Backups that the schedule makes.");
        visit("left", left, "How many remain.");
        visit("most", most, "The greatest number that was kept at once.");
        visit("most_at", most_at, "When that was first reached.");
        visit("kept", kept, "What remains, newest first, with the reasons.");
    }
};
Result<SimulateRetentionReport> simulate_retention(Context& context, const SimulateRetentionRequest& request);

}  // namespace holdfast::operations

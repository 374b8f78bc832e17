#include "holdfast/operations/simulate_retention.h"

#include "holdfast/history/backup_times.h"
#include "holdfast/history/simulate_retention.h"
#include "holdfast/operations/policies.h"
#include "holdfast/operations/settings_in_effect.h"
#include "holdfast/operations/purpose.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t backups_most = 100'000;

// The rule that holds for these backups.
Result<history::RetentionPolicy> policy_of(Context& context, const SimulateRetentionRequest& request, repository::SnapshotKind kind) {
    const auto policies = TRY(policies_of(TRY(load_settings(context, request.settings)).settings));
    repository::SourceRecord source;
    source.name = request.source;
    auto policy = policies.of(source);
    if (!request.time_zone.empty()) policy.time_zone = request.time_zone;
    if (!request.keep.is_said()) return policy;
    auto& rule = kind == repository::SnapshotKind::manual ? policy.manual : kind == repository::SnapshotKind::safety ? policy.safety : policy.automatic;
    rule = TRY(rule_of(request.keep));
    policy.tags.clear();
    return policy;
}

Result<history::TimeRange> range_of(Context& context, const SimulateRetentionRequest& request, const host::TimeZone& zone) {
    const auto span = TRY(history::parse_span(request.span));
    if (span.is_zero()) return fail(ErrorCode::invalid, "simulate retention for no time at all").with_advice("--for 30d, 6mo or 1y");
    if (request.from.empty()) {
        const auto now = context.host.clock.now();
        return history::TimeRange{.from = history::minus(now, span, zone), .to = now};
    }
    const auto from = TRY(moment_of_text(context, request.from));
    return history::TimeRange{.from = from, .to = history::plus(from, span, zone)};
}

}  // namespace

Result<SimulateRetentionReport> simulate_retention(Context& context, const SimulateRetentionRequest& request) {
    const auto kind = TRY(parse_kind(request.kind));
    const auto policy = TRY(policy_of(context, request, kind));
    const auto zone = TRY(host::TimeZone::find(policy.time_zone));
    const auto range = TRY(range_of(context, request, zone));
    const auto times = TRY(history::times_in(range, TRY(history::parse_backup_times(request.schedule)), zone, backups_most));
    history::RetentionCandidate like{.number = {}, .time = {}, .kind = kind};
    if (!request.tag.empty()) like.tags = {request.tag};
    const auto simulated = TRY(history::simulate_retention(times, like, policy, zone));

    SimulateRetentionReport report;
    report.policy = history::rules_for(like, policy);
    report.time_zone = zone.name();
    report.from = range.from;
    report.to = range.to;
    report.made = simulated.made;
    report.left = simulated.left.verdicts.size();
    report.most = simulated.most;
    report.most_at = simulated.most_at;
    for (const auto& verdict : simulated.left.verdicts) {
        report.kept.push_back({.number = verdict.number.value,
                               .time = verdict.time,
                               .local_time = to_display(verdict.time, zone.offset_s(verdict.time)),
                               .source = request.source,
                               .kind = request.kind,
                               .kept = verdict.kept,
                               .reasons = verdict.reasons});
    }
    return report;
}

}  // namespace holdfast::operations

#include "holdfast/operations/forget_by_rule.h"

#include <algorithm>

#include "holdfast/history/sources.h"
#include "holdfast/operations/policies.h"
#include "holdfast/operations/purpose.h"
#include "holdfast/operations/selection.h"
#include "holdfast/operations/settings_in_effect.h"

namespace holdfast::operations {

namespace {

// The backups of a source that the one rule is for. Safety backups are meant only when they are asked for.
Result<history::RetentionOnce> once_of(const ForgetRequest& request, const SourceMoments& source, const history::RetentionPolicy& policy) {
    history::RetentionOnce once{.rule = TRY(rule_of(request.keep)), .meant = {}, .minimum_keep = policy.minimum_keep};
    if (request.remove_all) once.remove_all = history::RetentionOnce::RemoveAll::allow;
    auto filter = TRY(narrowed({}, request.narrow));
    if (filter.kinds.empty()) filter.kinds = {repository::SnapshotKind::manual, repository::SnapshotKind::automatic};
    for (const auto& moment : source.moments)
        if (history::matches(moment, filter)) once.meant.insert(moment.snapshot.number);
    return once;
}

Result<SourcePlan> plan_of(Context& context, const ForgetRequest& request, const SourceMoments& source, const history::RetentionPolicy& policy) {
    if (request.policy) return plan_for(context, source, policy);
    const auto once = TRY(once_of(request, source, policy));
    auto zone = TRY(host::TimeZone::find(policy.time_zone));
    auto plan = TRY(history::plan_once(candidates_of(source), once, {.zone = zone, .now = context.host.clock.now()}));
    return SourcePlan{.plan = std::move(plan), .zone = std::move(zone)};
}

void add_verdicts(ForgetReport& report, const SourceMoments& source, const SourcePlan& planned) {
    for (const auto& verdict : planned.plan.verdicts) {
        const auto at = std::ranges::lower_bound(source.moments, verdict.number, {}, [](const history::Moment& moment) { return moment.snapshot.number; });
        report.verdicts.push_back({.number = verdict.number.value,
                                   .time = verdict.time,
                                   .local_time = to_display(verdict.time, planned.zone.offset_s(verdict.time)),
                                   .source = source.source.name,
                                   .kind = std::string(name_of(at->snapshot.kind)),
                                   .kept = verdict.kept,
                                   .reasons = verdict.reasons});
    }
    for (const auto number : planned.plan.dropped()) report.numbers.push_back(number.value);
}

}  // namespace

Result<ForgetReport> chosen_by_rule(Context& context, const repository::Repository& repository, const ForgetRequest& request) {
    const auto filter = TRY(source_filter(context, request.source));
    const auto sources = TRY(moments_by_source(repository, filter));
    if (sources.empty() && !filter.is_any()) return history::no_such_source(repository, filter);
    const auto policies = TRY(policies_of(TRY(load_settings(context, request.repository.settings)).settings));
    ForgetReport report;
    report.by_rule = true;
    for (const auto& source : sources) {
        const auto planned = TRY(plan_of(context, request, source, policies.of(source.source)));
        report.time_zone = planned.zone.name();
        add_verdicts(report, source, planned);
    }
    std::ranges::sort(report.numbers);
    return report;
}

}  // namespace holdfast::operations

#include "holdfast/operations/settings_in_effect.h"

#include <algorithm>

namespace holdfast::operations {

namespace {

constexpr std::int64_t seconds_per_hour = 3600, hours_per_day = 24;

// Whole hours: a span that is not shorter than what was said.
history::CalendarSpan span_of(std::int64_t seconds) {
    const std::int64_t hours = (std::max<std::int64_t>(seconds, 0) + seconds_per_hour - 1) / seconds_per_hour;
    return {.days = static_cast<std::uint32_t>(hours / hours_per_day), .hours = static_cast<std::uint32_t>(hours % hours_per_day)};
}

history::KeepCount count_of(std::uint64_t count) {
    return static_cast<history::KeepCount>(std::min<std::uint64_t>(count, history::keep_every_one));
}

history::RetentionRule rule_of_settings(const KeepSettings& keep) {
    return {.last = count_of(keep.keep_last),
            .hourly = count_of(keep.keep_hourly),
            .daily = count_of(keep.keep_daily),
            .weekly = count_of(keep.keep_weekly),
            .monthly = count_of(keep.keep_monthly),
            .yearly = count_of(keep.keep_yearly),
            .within = span_of(keep.keep_within),
            .all = keep.keep_all};
}

Hook hook_of(const HookSettings& settings, const std::string& folder) {
    return {.command = settings.command,
            .folder = folder,
            .post = settings.post,
            .body = settings.body,
            .time_limit_ms = settings.time_limit * 1000,
            .stop_on_failure = settings.on_failure == "stop"};
}

void add(Hooks& to, const HooksSettings& more, const std::string& folder) {
    const auto append = [&](std::vector<Hook>& hooks, const std::vector<HookSettings>& said) {
        for (const auto& hook : said) hooks.push_back(hook_of(hook, folder));
    };
    append(to.before_backup, more.before_backup);
    append(to.after_backup, more.after_backup);
    append(to.before_restore, more.before_restore);
    append(to.after_restore, more.after_restore);
    append(to.on_failure, more.on_failure);
}

}  // namespace

Policies policies_of(const Settings& settings) {
    const auto& said = settings.retention;
    Policies policies;
    auto& all = policies.otherwise;
    all.automatic = rule_of_settings(said.automatic);
    all.manual = rule_of_settings(said.manual);
    for (const auto& [tag, keep] : said.tag) all.tags[tag] = rule_of_settings(keep);
    all.minimum_keep = count_of(said.minimum_keep);
    all.undo_within = span_of(said.undo_within);
    all.time_zone = said.time_zone;
    for (const auto& [name, source] : settings.source) {
        auto own = all;
        if (source.retention.automatic) own.automatic = rule_of_settings(*source.retention.automatic);
        if (source.retention.manual) own.manual = rule_of_settings(*source.retention.manual);
        for (const auto& [tag, keep] : source.retention.tag) own.tags[tag] = rule_of_settings(keep);
        policies.of_source.emplace(name, std::move(own));
    }
    return policies;
}

Hooks hooks_of(const LoadedSettings& loaded, const std::string& source) {
    Hooks hooks;
    add(hooks, loaded.settings.hooks, loaded.folder);
    if (const auto* own = loaded.source(source)) add(hooks, own->hooks, loaded.folder);
    return hooks;
}

std::vector<Expectation> expectations_of(const LoadedSettings& loaded, const std::string& source) {
    std::vector<Expectation> expectations;
    const auto* own = loaded.source(source);
    if (own == nullptr) return expectations;
    for (const auto& one : own->expect) {
        expectations.push_back({.sql = one.sql, .table = one.table, .loss_percent_max = one.loss_percent_max.value_or(0)});
    }
    return expectations;
}

StatusTargets targets_of(const LoadedSettings& loaded) {
    constexpr std::int64_t proof_s = 8 * 86'400;  // a weekly drill, and a day to spare
    StatusTargets targets;
    if (!loaded.is_there()) return targets;
    const auto& said = loaded.settings.targets;
    targets.rpo_s = said.rpo;
    targets.rto_s = said.rto_deletion;
    targets.proof_s = proof_s;
    targets.rto_of = {{"corruption", said.rto_corruption}, {"deletion", said.rto_deletion}, {"server", said.rto_server}};
    for (const auto& [name, source] : loaded.settings.source) {
        if (source.critical) targets.rpo_of[name] = said.rpo_critical;
    }
    targets.space_warn = loaded.settings.repository.space_warn;
    targets.min_free = loaded.settings.repository.min_free;
    return targets;
}

}  // namespace holdfast::operations

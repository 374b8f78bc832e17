#include "holdfast/operations/settings_in_effect.h"

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

history::KeepCount count_of(std::uint64_t count) { return static_cast<history::KeepCount>(count); }  // read with a limit below 2^32

Result<void> add_tags(const std::map<std::string, KeepSettings>& tags, history::RetentionPolicy& policy) {
    for (const auto& [tag, keep] : tags) policy.tags[tag] = TRY(rule_of(keep));
    return {};
}

Hook hook_of(const LoadedSettings& loaded, const HookSettings& hook) {
    return {.command = hook.command, .post = hook.post, .body = hook.body, .time_limit_ms = hook.time_limit * 1000, .stop_on_failure = hook.on_failure == "stop", .folder = loaded.folder};
}

void add_hooks(const LoadedSettings& loaded, const std::vector<HookSettings>& from, std::vector<Hook>& to) {
    for (const auto& hook : from) to.push_back(hook_of(loaded, hook));
}

void add_all_hooks(const LoadedSettings& loaded, const HooksSettings& from, Hooks& to) {
    add_hooks(loaded, from.before_backup, to.before_backup);
    add_hooks(loaded, from.after_backup, to.after_backup);
    add_hooks(loaded, from.before_restore, to.before_restore);
    add_hooks(loaded, from.after_restore, to.after_restore);
    add_hooks(loaded, from.on_failure, to.on_failure);
}

}  // namespace

Result<history::RetentionRule> rule_of(const KeepSettings& keep) {
    history::RetentionRule rule{.last = count_of(keep.keep_last), .hourly = count_of(keep.keep_hourly), .daily = count_of(keep.keep_daily)};
    rule.weekly = count_of(keep.keep_weekly);
    rule.monthly = count_of(keep.keep_monthly);
    rule.yearly = count_of(keep.keep_yearly);
    rule.all = keep.keep_all;
    if (!keep.keep_within.empty()) rule.within = TRY(history::parse_span(keep.keep_within));
    return rule;
}

Result<Policies> policies_of(const Settings& settings) {
    Policies policies;
    auto& general = policies.otherwise;
    general.automatic = TRY(rule_of(settings.retention.automatic));
    general.manual = TRY(rule_of(settings.retention.manual));
    TRY(add_tags(settings.retention.tag, general));
    general.minimum_keep = count_of(settings.retention.minimum_keep);
    general.undo_within = TRY(history::parse_span(settings.retention.undo_within));
    general.time_zone = settings.retention.time_zone;
    for (const auto& [name, source] : settings.source) {
        auto own = general;
        if (source.retention.automatic) own.automatic = TRY(rule_of(*source.retention.automatic));
        if (source.retention.manual) own.manual = TRY(rule_of(*source.retention.manual));
        TRY(add_tags(source.retention.tag, own));
        policies.of_source[name] = std::move(own);
    }
    return policies;
}

Hooks hooks_of(const LoadedSettings& loaded, const std::string& source) {
    Hooks hooks;
    add_all_hooks(loaded, loaded.settings.hooks, hooks);
    if (const auto* own = loaded.source(source)) add_all_hooks(loaded, own->hooks, hooks);
    return hooks;
}

std::optional<QuiesceHooks> quiesce_of(const LoadedSettings& loaded, const SourceSettings& source) {
    if (!source.quiesce) return std::nullopt;
    return QuiesceHooks{.pause = hook_of(loaded, source.quiesce->pause), .resume = hook_of(loaded, source.quiesce->resume)};
}

Hook rebuild_hook(const LoadedSettings& loaded, const RebuildSettings& rebuild) {
    return hook_of(loaded, {.command = rebuild.command, .post = rebuild.post, .body = rebuild.body, .time_limit = rebuild.time_limit});
}

std::vector<Expectation> expectations_of(const LoadedSettings& loaded, const std::string& source) {
    std::vector<Expectation> expectations;
    const auto* own = loaded.source(source);
    if (own == nullptr) return expectations;
    for (const auto& one : own->expect) {
        expectations.push_back({.sql = one.sql, .table = one.table, .loss_percent_max = one.loss_percent_max.value_or(0), .time_limit_s = one.time_limit});
    }
    return expectations;
}

std::vector<live::CleanupRule> cleanup_of(const LoadedSettings& loaded, const std::string& source) {
    std::vector<live::CleanupRule> rules;
    const auto* own = loaded.source(source);
    if (own == nullptr) return rules;
    for (const auto& rule : own->cleanup) {
        rules.push_back({.table = rule.table, .column = rule.column, .older_than_s = rule.older_than, .where = rule.where});
    }
    return rules;
}

RoomWanted room_wanted(const LoadedSettings& loaded, std::uint64_t database_bytes) {
    constexpr std::uint64_t some = 64ull << 20, hardly_any = 8ull << 20;
    const auto& said = loaded.settings.repository;
    if (loaded.is_there()) return {.warn = said.space_warn, .least = said.min_free};
    return {.warn = database_bytes + some, .least = hardly_any};
}

StatusTargets targets_of(const LoadedSettings& loaded) {
    StatusTargets targets;
    if (!loaded.is_there()) return targets;
    const auto& said = loaded.settings.targets;
    targets.rpo_s = said.rpo;
    targets.rto_s = said.rto_deletion;
    targets.proof_s = said.proof;
    targets.rto_of = {{"corruption", said.rto_corruption}, {"deletion", said.rto_deletion}, {"server", said.rto_server}};
    for (const auto& [name, source] : loaded.settings.source) {
        if (source.critical) targets.rpo_of[name] = said.rpo_critical;
    }
    targets.space_warn = loaded.settings.repository.space_warn;
    targets.min_free = loaded.settings.repository.min_free;
    return targets;
}

std::vector<sqlite::ScrubRule> scrub_rules_of(const Settings& settings) {
    std::vector<sqlite::ScrubRule> rules;
    for (const auto& [column, how] : settings.bundle.scrub) {
        const auto dot = column.find('.');
        const auto way = how == "null" ? sqlite::ScrubWay::null : how == "hash" ? sqlite::ScrubWay::hash : sqlite::ScrubWay::mask;
        rules.push_back({.table = column.substr(0, dot), .column = column.substr(dot + 1), .way = way});
    }
    return rules;
}

}  // namespace holdfast::operations

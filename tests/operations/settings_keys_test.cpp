// Every key of the settings is read by something: changed, it changes what operations are given; or another test is named
// that sees what it does. A new key has to be put here.
#include <set>

#include "holdfast/operations/settings_in_effect.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::IsEmpty;

// "source.NAME.expect.sql", ...
class FullKeys {
public:
    explicit FullKeys(std::set<std::string>& found, std::string prefix = {}) : found_(found), prefix_(std::move(prefix)) {}
    void operator()(auto&, const SettingText& text) { found_.insert(prefix_ + std::string(text.key)); }
    template <SettingsTable T>
    void operator()(T& value, const SettingText& text) { below(value, std::string(text.key)); }
    template <SettingsTable T>
    void operator()(std::optional<T>&, const SettingText& text) { T value; below(value, std::string(text.key)); }
    template <SettingsTable T>
    void operator()(std::vector<T>&, const SettingText& text) { T value; below(value, std::string(text.key)); }
    template <SettingsTable T>
    void operator()(std::map<std::string, T>&, const SettingText& text) { T value; below(value, std::string(text.key) + ".NAME"); }

private:
    void below(auto& value, const std::string& key) {
        FullKeys keys(found_, prefix_ + key + ".");
        value.describe(keys);
    }
    std::set<std::string>& found_;
    std::string prefix_;
};

std::string told(const history::RetentionPolicy& policy) {
    std::string text = format("{} | {} | {} {} {}", to_text(policy.automatic), to_text(policy.manual), policy.minimum_keep, policy.undo_within.days, policy.time_zone);
    for (const auto& [tag, rule] : policy.tags) text += format(" | {}: {}", tag, to_text(rule));
    return text;
}
std::string told(const std::vector<Hook>& hooks) {
    std::string text;
    for (const auto& hook : hooks) text += format("[{} {} {} {} {}]", hook.command, hook.post, hook.body, hook.time_limit_ms, hook.stop_on_failure);
    return text;
}

// What operations are given by settings, as text: of the source "a".
std::string given(const LoadedSettings& loaded) {
    const auto policies = must(policies_of(loaded.settings));
    std::string text = told(policies.otherwise);
    for (const auto& [name, policy] : policies.of_source) text += format("\n{}: {}", name, told(policy));
    const auto hooks = hooks_of(loaded, "a");
    for (const auto* event : {&hooks.before_backup, &hooks.after_backup, &hooks.before_restore, &hooks.after_restore, &hooks.on_failure}) text += "\n" + told(*event);
    for (const auto& one : expectations_of(loaded, "a")) text += format("\nexpect {} {} {} {}", one.sql, one.table, one.loss_percent_max, one.time_limit_s);
    for (const auto& one : cleanup_of(loaded, "a")) text += format("\nclean {} {} {} {}", one.table, one.column, one.older_than_s, one.where);
    const auto targets = targets_of(loaded);
    text += format("\n{} {} {} {} {}", targets.rpo_s, targets.rto_s, targets.proof_s, targets.space_warn, targets.min_free);
    for (const auto& [name, seconds] : targets.rpo_of) text += format(" rpo {} {}", name, seconds);
    for (const auto& [name, seconds] : targets.rto_of) text += format(" rto {} {}", name, seconds);
    return text;
}

// A key, and settings that differ from those of `base` in it alone.
struct Change {
    std::string key, base, changed;
};
std::vector<Change> changes() {
    const std::string a = "[source.a]\ndatabases = [\"a.db\"]\n";
    std::vector<Change> all = {
        {"repository.space_warn", "", "[repository]\nspace_warn = \"7GiB\""},
        {"repository.min_free", "", "[repository]\nmin_free = \"2GiB\""},
        {"source.NAME.critical", a, a + "critical = true"},
        {"source.NAME.expect.sql", a + "[[source.a.expect]]\nsql = \"SELECT 1\"", a + "[[source.a.expect]]\nsql = \"SELECT 2\""},
        {"source.NAME.expect.table", a + "[[source.a.expect]]\ntable = \"t\"\nloss_percent_max = 5", a + "[[source.a.expect]]\ntable = \"u\"\nloss_percent_max = 5"},
        {"source.NAME.expect.time_limit", a + "[[source.a.expect]]\nsql = \"SELECT 1\"\ntime_limit = \"6s\"", a + "[[source.a.expect]]\nsql = \"SELECT 1\"\ntime_limit = \"7s\""},
        {"source.NAME.expect.loss_percent_max", a + "[[source.a.expect]]\ntable = \"t\"\nloss_percent_max = 5", a + "[[source.a.expect]]\ntable = \"t\"\nloss_percent_max = 6"},
        {"retention.time_zone", "", "[retention]\ntime_zone = \"UTC\""},
        {"retention.minimum_keep", "", "[retention]\nminimum_keep = 3"},
        {"retention.undo_within", "", "[retention]\nundo_within = \"9d\""},
    };
    const std::string rule = a + "[[source.a.cleanup]]\ntable = \"t\"\ncolumn = \"c\"\nolder_than = \"1d\"\n";
    all.push_back({"source.NAME.cleanup.table", rule, a + "[[source.a.cleanup]]\ntable = \"u\"\ncolumn = \"c\"\nolder_than = \"1d\""});
    all.push_back({"source.NAME.cleanup.column", rule, a + "[[source.a.cleanup]]\ntable = \"t\"\ncolumn = \"d\"\nolder_than = \"1d\""});
    all.push_back({"source.NAME.cleanup.older_than", rule, a + "[[source.a.cleanup]]\ntable = \"t\"\ncolumn = \"c\"\nolder_than = \"2d\""});
    all.push_back({"source.NAME.cleanup.where", rule, rule + "where = \"x\""});
    for (const char* key : {"rpo_critical", "rto_corruption", "rto_deletion", "rto_server", "proof"}) {
        const std::string critical = a + "critical = true\n";
        all.push_back({format("targets.{}", key), critical, critical + format("[targets]\n{} = \"11m\"", key)});
    }
    all.push_back({"targets.rpo", "", "[targets]\nrpo = \"20m\""});
    for (const auto& [key, table] : {std::pair("retention", "retention"), std::pair("source.NAME.retention", "source.a.retention")}) {
        for (const auto& [named, kind] : {std::pair("automatic", "automatic"), std::pair("manual", "manual"), std::pair("tag.NAME", "tag.x")}) {
            const std::string base = a + format("[{}.{}]\nkeep_last = 41\n", table, kind);
            for (const char* count : {"keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly"}) {
                all.push_back({format("{}.{}.{}", key, named, count), base, base + format("{} = 3", count)});
            }
            all.push_back({format("{}.{}.keep_last", key, named), base, a + format("[{}.{}]\nkeep_last = 42\n", table, kind)});
            all.push_back({format("{}.{}.keep_within", key, named), base, base + "keep_within = \"5d\""});
            all.push_back({format("{}.{}.keep_all", key, named), base, a + format("[{}.{}]\nkeep_all = true\n", table, kind)});
        }
    }
    for (const auto& [key, table] : {std::pair("hooks", "hooks"), std::pair("source.NAME.hooks", "source.a.hooks")}) {
        for (const char* event : {"before_backup", "after_backup", "before_restore", "after_restore", "on_failure"}) {
            const std::string post = a + format("[[{}.{}]]\npost = \"http://h/1\"\n", table, event);
            const auto add = [&](const char* name, const std::string& base, const std::string& changed) { all.push_back({format("{}.{}.{}", key, event, name), base, changed}); };
            add("command", a, a + format("[[{}.{}]]\ncommand = \"true\"\n", table, event));
            add("post", a, post);
            add("body", post, post + "body = \"x\"");
            add("time_limit", post, post + "time_limit = \"7s\"");
            add("on_failure", post, post + "on_failure = \"warn\"");
        }
    }
    return all;
}

// Those that are read where they are used, and the tests that see it.
const std::map<std::string, std::string> read_elsewhere = {
    {"repository.path", "SettingsPlaces.SayWhichRepositoryAndHowItIsUnlocked"},
    {"repository.key_file", "SettingsRead.SecretsComeFromTheFilesThatTheyName"},
    {"repository.password_file", "SettingsRead.SecretsComeFromTheFilesThatTheyName"},
    {"repository.password_command", "SettingsPlaces.TheirSecretIsForTheirRepositoryAlone"},
    {"source.NAME.databases", "SettingsPlaces.EverySourceIsBackedUpAndOneThatFailsDoesNotStopTheOthers"},
    {"source.NAME.tags", "SettingsPlaces.ADatabaseOfASourceIsBackedUpUnderItsNameAndTags"},
    {"source.NAME.strict", "CompanionsOfASource.WhatChangesWhileItIsReadIsReadAgainAndTold"},
    {"source.NAME.schema_version", "SettingsRead.ASourceSaysItsSchemasVersion"},
    {"source.NAME.smoke", "adopt.py: a drill of a file knows what the settings expect of its source"},
    {"source.NAME.init", "fresh.py"},
    {"schedule.backup", "SettingsRead.ScheduleTakesItsTimesFromThem"},
    {"schedule.verify", "SettingsRead.ScheduleTakesItsTimesFromThem"},
    {"schedule.drill", "SettingsRead.ScheduleTakesItsTimesFromThem"},
    {"schedule.maintain", "SettingsRead.ScheduleTakesItsTimesFromThem"},
    {"schedule.prune", "SettingsRead.ScheduleTakesItsTimesFromThem"},
    {"log.audit", "SettingsRead.TheAuditLogLiesWhereTheySay"},
    {"log.names", "SettingsRead.TheAuditLogLiesWhereTheySay"},
    {"log.recovery", "SettingsRead.RecoveriesAreToldWhereTheySay"},
};
// Of verbs with tests of their own.
constexpr std::array parts_elsewhere = {"bundle.", "source.NAME.plain_copies.", "source.NAME.set_copies.", "source.NAME.companions.", "source.NAME.agreement.", "source.NAME.quiesce.", "source.NAME.smoke_tests."};

class SettingsKeys : public World {
protected:
    LoadedSettings loaded(const std::string& text) {
        write(work + "/holdfast.toml", text);
        return must(load_settings(context, {}));
    }
};

TEST_F(SettingsKeys, EachChangesWhatOperationsAreGiven) {
    for (const auto& change : changes()) EXPECT_NE(given(loaded(change.base)), given(loaded(change.changed))) << change.key;
}

TEST_F(SettingsKeys, NoneIsWithoutAReader) {
    std::set<std::string> keys, known;
    FullKeys visitor(keys);
    Settings settings;
    settings.describe(visitor);
    for (const auto& change : changes()) known.insert(change.key);
    for (const auto& [key, test] : read_elsewhere) known.insert(key);
    std::vector<std::string> unread, gone;
    for (const auto& key : keys) {
        const bool is_of_a_part = std::ranges::any_of(parts_elsewhere, [&](const char* part) { return key.starts_with(part); });
        if (!known.contains(key) && !is_of_a_part) unread.push_back(key);
    }
    std::ranges::set_difference(known, keys, std::back_inserter(gone));
    EXPECT_THAT(unread, IsEmpty());
    EXPECT_THAT(gone, IsEmpty()) << "the settings have no such key any more";
}

}  // namespace
}  // namespace holdfast::operations

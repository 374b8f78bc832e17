#include "holdfast/operations/settings_rules.h"

#include <algorithm>
#include <array>

#include "holdfast/base/limits.h"
#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/copy_name.h"
#include "holdfast/host/time_zone.h"
#include "holdfast/live/path_patterns.h"
#include "holdfast/operations/agreement_rules.h"
#include "holdfast/operations/named_companion.h"
#include "holdfast/operations/own_places.h"
#include "holdfast/operations/plain_copy_order.h"
#include "holdfast/operations/set_copies.h"
#include "holdfast/operations/purpose.h"
#include "holdfast/operations/schedule_time.h"

namespace holdfast::operations {

namespace {

class Rules {
public:
    Rules(host::FileSystem& files, ReadingSettings& reading) : files_(files), reading_(reading) {}

    void check(const Settings& settings) {
        own_ = {.repository = canonical(settings.repository.path), .copies = plain_copy_folders(files_, settings)};
        check_repository(settings.repository);
        check_targets(settings.targets);
        check_zone(settings.retention.time_zone);
        check_keep("retention.automatic", settings.retention.automatic);
        check_keep("retention.manual", settings.retention.manual);
        for (const auto& [tag, keep] : settings.retention.tag) check_tag_rule("retention.tag." + toml_key(tag), tag, keep);
        check_hooks("hooks", settings.hooks);
        for (const auto& [name, source] : settings.source) check_source(name, source);
        for (const auto& [name, source] : settings.source) check_latest_copies("source." + toml_key(name), source);
        for (const auto& [column, how] : settings.bundle.scrub) check_column("bundle.scrub." + toml_key(column), column);
        check_schedule("schedule.backup", settings.schedule.backup);
        check_schedule("schedule.verify", settings.schedule.verify);
        check_schedule("schedule.drill", settings.schedule.drill);
        check_schedule("schedule.maintain", settings.schedule.maintain);
        check_schedule("schedule.prune", settings.schedule.prune);
    }

private:
    // At the key, or where it is not given, at the table that should have it.
    void problem(const std::string& key, std::string message, std::string advice) {
        SettingsProblem found{.line = 0, .column = 0, .key = key, .message = std::move(message), .advice = std::move(advice)};
        for (std::string at = key; !at.empty(); at = at.substr(0, at.find_last_of(".[") == std::string::npos ? 0 : at.find_last_of(".["))) {
            const auto origin = reading_.origins.find(at);
            if (origin == reading_.origins.end() || origin->second.line == 0) continue;
            found.line = origin->second.line;
            found.column = origin->second.column;
            break;
        }
        reading_.problems.push_back(std::move(found));
    }
    bool is_given(const std::string& key) const { return reading_.origins.contains(key); }

    void check_repository(const RepositorySettings& repository) {
        const int secrets = !repository.key_file.empty() + !repository.password_file.empty() + !repository.password_command.empty();
        if (secrets > 1) problem("repository", format("{} secrets are given for one repository", secrets), "keep one of key_file, password_file and password_command");
        if (repository.min_free > repository.space_warn) {
            problem(is_given("repository.min_free") ? "repository.min_free" : "repository.space_warn",
                    format("min_free ({}) is more than space_warn ({}): it would fail before it warned", size_text(repository.min_free), size_text(repository.space_warn)),
                    "make space_warn the larger one");
        }
    }
    void check_targets(const TargetSettings& targets) {
        const auto expect_some = [&](const char* key, std::int64_t seconds) {
            if (seconds == 0) problem(format("targets.{}", key), "no backup and no restore takes no time", format("{} = \"15m\"", key));
        };
        expect_some("rpo", targets.rpo);
        expect_some("rpo_critical", targets.rpo_critical);
        expect_some("rto_corruption", targets.rto_corruption);
        expect_some("rto_deletion", targets.rto_deletion);
        expect_some("rto_server", targets.rto_server);
        expect_some("proof", targets.proof);
        if (targets.rpo_critical > targets.rpo) {
            problem(is_given("targets.rpo_critical") ? "targets.rpo_critical" : "targets.rpo", "rpo_critical is longer than rpo: a critical source may not lose more than others",
                    format("rpo_critical = \"{}\"", duration_text(targets.rpo)));
        }
    }
    void check_zone(const std::string& name) {
        const auto zone = host::TimeZone::find(name);
        if (!zone && zone.error().code() == ErrorCode::invalid) problem("retention.time_zone", zone.error().message(), zone.error().advice());
    }
    void check_keep(const std::string& key, const KeepSettings& keep) {
        const bool is_faulty = std::ranges::any_of(reading_.problems, [&](const auto& known) { return known.key.starts_with(key + "."); });
        if (keep.is_empty() && !is_faulty) problem(key, "the rule keeps nothing", "keep_last = 10, or keep_all = true");
        check_keep_all(key, keep);
    }
    void check_keep_all(const std::string& key, const KeepSettings& keep) {
        KeepSettings rest = keep;
        rest.keep_all = false;
        if (keep.keep_all && !rest.is_empty()) problem(key + ".keep_all", "keep_all keeps everything, and the other lines of the rule mean nothing", "leave out keep_all, or the others");
    }
    void check_tag_rule(const std::string& key, const std::string& tag, const KeepSettings& keep) {
        if (trim(tag) != tag || tag.empty() || tag.front() == '=') problem(key, "that is no tag", "[retention.tag.archive]");
        check_keep(key, keep);
    }

    void check_hooks(const std::string& key, const HooksSettings& hooks) {
        check_each_hook(key + ".before_backup", hooks.before_backup);
        check_each_hook(key + ".after_backup", hooks.after_backup);
        check_each_hook(key + ".before_restore", hooks.before_restore);
        check_each_hook(key + ".after_restore", hooks.after_restore);
        check_each_hook(key + ".on_failure", hooks.on_failure);
    }
    void check_each_hook(const std::string& key, const std::vector<HookSettings>& hooks) {
        for (std::size_t i = 0; i < hooks.size(); ++i) check_hook(format("{}[{}]", key, i + 1), hooks[i]);
    }
    void check_hook(const std::string& key, const HookSettings& hook) {
        const bool is_command = is_given(key + ".command"), is_post = is_given(key + ".post");
        if (is_command && is_post) problem(key, "a hook is a command or a post, and both are given", "make two hooks of it: they are done in order");
        if (!is_command && !is_post) problem(key, "the hook does nothing", "command = \"...\", or post = \"http://...\"");
        if (is_command && trim(hook.command).empty() && may_judge(key + ".command")) problem(key + ".command", "the command is empty", "command = \"systemctl --user stop app\"");
        if (!is_post && is_given(key + ".body")) problem(key + ".body", "a body is for a post", "post = \"http://...\"");
        const bool is_address = hook.post.starts_with("http://") || hook.post.starts_with("https://");
        if (is_post && !is_address && may_judge(key + ".post")) problem(key + ".post", "that is no address of HTTP", "post = \"http://127.0.0.1:8080/rebuild\"");
        if (hook.time_limit == 0) problem(key + ".time_limit", "nothing is done in no time", "time_limit = \"60s\"");
    }
    void check_quiesce(const std::string& key, const QuiesceSettings& quiesce) {
        check_hook(key + ".pause", quiesce.pause);
        check_hook(key + ".resume", quiesce.resume);
    }
    void check_smoke_test(const std::string& key, const SmokeTestSettings& test) {
        constexpr std::uint64_t status_min = 100, status_max = 599;
        const bool is_command = is_given(key + ".command"), is_get = is_given(key + ".get");
        if (is_command == is_get) problem(key, is_get ? "a smoke test is a command or a get, and both are given" : "the smoke test tries nothing", "get = \"http://127.0.0.1:8080/health\", or command = \"./scripts/sample-search.sh\"");
        if (is_command && trim(test.command).empty() && may_judge(key + ".command")) problem(key + ".command", "the command is empty", "command = \"./scripts/sample-search.sh\"");
        const bool is_address = test.get.starts_with("http://") || test.get.starts_with("https://");
        if (is_get && !is_address && may_judge(key + ".get")) problem(key + ".get", "that is no address of HTTP", "get = \"http://127.0.0.1:8080/health\"");
        for (const char* name : {"status", "contains"}) {
            if (!is_get && is_given(format("{}.{}", key, name))) problem(format("{}.{}", key, name), "it is for a get", "get = \"http://127.0.0.1:8080/health\"");
        }
        if (test.status < status_min || test.status > status_max) problem(key + ".status", "that is no status of HTTP", "status = 200");
        if (test.time_limit == 0) problem(key + ".time_limit", "nothing is tried in no time", "time_limit = \"30s\"");
    }
    // A value that is a problem already left the default in its place.
    bool may_judge(const std::string& key) const {
        return std::ranges::none_of(reading_.problems, [&](const auto& known) { return known.key == key; });
    }

    void check_source(const std::string& name, const SourceSettings& source) {
        const std::string key = "source." + toml_key(name);
        const bool is_name = !name.empty() && trim(name) == name && printable(name) == name && name.size() <= limits::name_size_max;
        if (!is_name) problem(key, "that is no name of a source: it can be seen, and has no spaces around it", "[source.app]");
        if (source.databases.empty() && may_judge(key + ".databases")) problem(key + ".databases", "the source has no databases", "databases = [\"data/app.db\"]");
        for (const auto& database : source.databases) check_database(key, database);
        for (const auto& tag : source.tags) check_tag(key + ".tags", tag);
        if (source.tags.size() > limits::tags_max) problem(key + ".tags", format("there are more than {} tags", limits::tags_max), "leave some out");
        check_all(key + ".companions", source.companions, &Rules::check_companion);
        check_companions_together(key + ".companions", source.companions);
        for (std::size_t i = 0; i < source.agreement.size(); ++i) check_agreement(format("{}.agreement[{}]", key, i + 1), source, source.agreement[i]);
        if (source.quiesce) check_quiesce(key + ".quiesce", *source.quiesce);
        check_all(key + ".smoke_tests", source.smoke_tests, &Rules::check_smoke_test);
        check_all(key + ".expect", source.expect, &Rules::check_expectation);
        check_all(key + ".cleanup", source.cleanup, &Rules::check_cleanup);
        if (source.retention.automatic) check_keep(key + ".retention.automatic", *source.retention.automatic);
        if (source.retention.manual) check_keep(key + ".retention.manual", *source.retention.manual);
        for (const auto& [tag, keep] : source.retention.tag) check_tag_rule(key + ".retention.tag." + toml_key(tag), tag, keep);
        if (source.plain_copies) check_plain_copies(key + ".plain_copies", *source.plain_copies, source.databases.size());
        for (std::size_t i = 0; i < source.set_copies.size(); ++i) check_set_copies(format("{}.set_copies[{}]", key, i + 1), source, source.set_copies[i]);
        check_hooks(key + ".hooks", source.hooks);
    }
    void check_database(const std::string& source_key, const std::string& path) {
        const auto canonical = host::canonical_or_future(files_, path);
        const auto [known, is_new] = source_of_.emplace(canonical.ok() ? *canonical : path, source_key);
        if (is_new) return;
        const bool is_twice = known->second == source_key;
        problem(source_key + ".databases", is_twice ? format("{} is named twice", printable(path)) : format("{} belongs to [{}] already", printable(path), known->second),
                "name each database once");
    }
    void check_tag(const std::string& key, const std::string& tag) {
        const auto parsed = parse_tags({tag});
        if (!parsed) problem(key, parsed.error().message(), "tags = [\"team=blue\"]");
    }
    template <typename T>
    void check_all(const std::string& key, const std::vector<T>& all, void (Rules::*check_one)(const std::string&, const T&)) {
        for (std::size_t i = 0; i < all.size(); ++i) (this->*check_one)(format("{}[{}]", key, i + 1), all[i]);
    }
    void check_expectation(const std::string& key, const ExpectationSettings& expect) {
        const bool is_query = is_given(key + ".sql"), is_table = is_given(key + ".table");
        if (is_query == is_table) {
            return problem(key, is_query ? "an expectation is a query or a table, and both are given" : "the expectation says nothing",
                           "sql = \"SELECT count(*) > 0 FROM sessions\", or table = \"events\" with loss_percent_max = 20");
        }
        if (is_query && expect.loss_percent_max) problem(key + ".loss_percent_max", "it is for a table", "table = \"events\"");
        if (is_table && !is_given(key + ".loss_percent_max")) problem(key, "the table has no loss_percent_max", "loss_percent_max = 20");
        const double loss = expect.loss_percent_max.value_or(0);
        if (loss < 0 || loss > 100) problem(key + ".loss_percent_max", "percent are from 0 to 100", "loss_percent_max = 20");
        if (is_query && trim(expect.sql).empty() && may_judge(key + ".sql")) problem(key + ".sql", "the query is empty", "sql = \"SELECT count(*) > 0 FROM sessions\"");
        if (expect.time_limit == 0) problem(key + ".time_limit", "nothing is answered in no time", "time_limit = \"5s\"");
        if (is_table && expect.table.empty() && may_judge(key + ".table")) problem(key + ".table", "the name is empty", "table = \"events\"");
    }
    void check_companion(const std::string& key, const CompanionSettings& companion) {
        if (companion.path.empty() && may_judge(key + ".path")) return problem(key + ".path", "it is not said which file or folder it is", "path = \"data/faiss\"");
        if (companion.keep == "rebuild" && !companion.rebuild) problem(key, "it is not kept, and nothing is said of how it is built again", "rebuild = { command = \"./scripts/build-index.py\" }, or { post = \"http://...\" }");
        if (companion.keep == "rebuild" && is_pattern_in_path(files_, companion.path) && may_judge(key + ".path")) {
            problem(key + ".path", format("{} is a pattern, and what is built again goes by its own name", printable(companion.path)), "the path of the file or folder that the rebuild makes");
        }
        if (companion.keep == "redacted" && companion.rebuild) problem(key + ".rebuild", "what was written by hand is not built again", "leave out rebuild, or keep = \"rebuild\"");
        if (const auto& rebuild = companion.rebuild) {
            check_hook(key + ".rebuild", {.command = rebuild->command, .post = rebuild->post, .body = rebuild->body, .time_limit = rebuild->time_limit});
        }
        for (const auto& [name, patterns] : {std::pair("include", &companion.include), std::pair("exclude", &companion.exclude)}) {
            const auto parsed = live::PathPatterns::parse(*patterns);
            if (!parsed) problem(format("{}.{}", key, name), parsed.error().message(), parsed.error().advice());
        }
    }
    void check_companions_together(const std::string& key, const std::vector<CompanionSettings>& companions) {
        std::vector<std::pair<std::string, live::CompanionOrder>> orders;  // by their keys
        for (std::size_t i = 0; i < companions.size(); ++i) {
            const std::string at = format("{}[{}].path", key, i + 1);
            if (companions[i].path.empty() || companions[i].keep == "rebuild") continue;
            if (auto order = order_of(at, companions[i])) orders.emplace_back(at, *std::move(order));
        }
        for (const auto& [outer_key, outer] : orders) {
            for (const auto& [inner_key, inner] : orders) {
                const auto apart = outer_key < inner_key || outer.root != inner.root ? expect_apart(outer, inner) : Result<void>();
                if (!apart) problem(inner_key, apart.error().message(), apart.error().advice());
            }
        }
    }
    std::optional<live::CompanionOrder> order_of(const std::string& key, const CompanionSettings& companion) {
        const auto request = without_pattern_in_path(files_, companion_request(companion));
        if (!request) problem(key, request.error().message(), request.error().advice());
        if (!request) return std::nullopt;
        const auto include = live::PathPatterns::parse(request->include), exclude = live::PathPatterns::parse(request->exclude);
        if (!include && request->path != companion.path) problem(key, include.error().message(), include.error().advice());
        if (!include || !exclude) return std::nullopt;
        live::CompanionOrder order{.root = canonical(request->path), .include = *include, .exclude = *exclude, .never = {}, .is_own = {}};
        const auto is_in = [&](const std::string& folder) { return !folder.empty() && (order.root == folder || order.root.starts_with(folder + "/")); };
        if (is_in(own_.repository)) problem(key, format("{} lies in the repository", printable(order.root)), "a repository is copied by itself: leave the companion out");
        if (std::ranges::any_of(own_.copies, is_in)) problem(key, format("{} lies in a folder of plain copies", printable(order.root)), "another folder for plain_copies; or leave the companion out");
        return order;
    }
    void check_agreement(const std::string& key, const SourceSettings& source, const AgreementSettings& agreement) {
        for (auto& fault : faults_of(files_, source, agreement)) {
            const std::string at = fault.key.empty() ? key : format("{}.{}", key, fault.key);
            if (may_judge(at)) problem(at, std::move(fault.message), std::move(fault.advice));
        }
    }
    void check_cleanup(const std::string& key, const CleanupSettings& cleanup) {
        const auto expect_text = [&](const char* name, const std::string& value) {
            const std::string full = format("{}.{}", key, name);
            if (value.empty() && may_judge(full)) problem(full, format("the rule has no {}", name), "table = \"sessions\", column = \"ended_at\" and older_than = \"30d\"");
        };
        expect_text("table", cleanup.table);
        expect_text("column", cleanup.column);
        if (cleanup.older_than == 0 && may_judge(key + ".older_than")) problem(key + ".older_than", "the rule does not say how old rows have to be: all would go", "older_than = \"30d\"");
    }

    void check_plain_copies(const std::string& key, const PlainCopySettings& copies, std::size_t databases) {
        if (copies.folder.empty() && may_judge(key + ".folder")) problem(key + ".folder", "it is not said where the copies go", "folder = \"backups\"");
        check_template(key + ".name", bundle::CopyTemplate::parse(copies.name), databases);
        if (!copies.latest.empty()) check_template(key + ".latest", bundle::CopyTemplate::parse_fixed(copies.latest), databases);
        check_layers(key + ".name", copies.name, copies.compress);
        if (!copies.latest.empty()) check_layers(key + ".latest", copies.latest, copies.compress);
        if (!copies.metadata.empty()) check_file_name(key + ".metadata", copies.metadata);
        if (!copies.metadata.empty() && !copies.metadata.ends_with(".json")) problem(key + ".metadata", "it will be JSON, and its name does not say so", "metadata = \"backup_metadata.json\"");
        if (!copies.latest.empty() && copies.latest == copies.metadata) problem(key + ".latest", "latest and metadata are one file", "give them two names");
        check_keep_all(key, copies.keep);
    }
    void check_set_copies(const std::string& key, const SourceSettings& source, const SetCopySettings& copies) {
        if (copies.folder.empty() && may_judge(key + ".folder")) problem(key + ".folder", "it is not said where the archives go", "folder = \"backups\"");
        const auto companion = std::ranges::find(source.companions, copies.of, &CompanionSettings::path);
        const bool is_one = companion != source.companions.end();
        if (!copies.of.empty() && may_judge(key + ".of") && !is_one) problem(key + ".of", format("{} is no companion of the source", printable(copies.of)), "one of [[companions]], or no `of`: the whole set");
        if (is_one && companion->keep == "rebuild") problem(key + ".of", "it is not kept, but built again: there is nothing to copy", "leave it out");
        const auto is_alike = [&](const SetCopySettings& other) { return &other < &copies && other.of == copies.of && other.folder == copies.folder; };
        if (std::ranges::any_of(source.set_copies, is_alike)) problem(key + ".folder", "archives of the same go there already, and both would be counted as one", "another folder");
        check_template(key + ".name", bundle::CopyTemplate::parse(copies.name), 1);
        if (const auto is_true = expect_true_tar_name(copies.name, copies.compress); !is_true && may_judge(key + ".name")) problem(key + ".name", is_true.error().message(), is_true.error().advice());
        check_keep_all(key, copies.keep);
    }
    // A name that stands still must not be a database's, nor that of another source.
    void check_latest_copies(const std::string& source_key, const SourceSettings& source) {
        if (!source.plain_copies || source.plain_copies->latest.empty()) return;
        const auto name = bundle::CopyTemplate::parse_fixed(source.plain_copies->latest);
        const std::string key = source_key + ".plain_copies.latest";
        for (const auto& database : source.databases) {
            const auto filled = name ? name->fill({.database = host::file_name_of(database)}) : Result<std::string>(name.error().copy());
            if (!filled) continue;
            const std::string folder = source.plain_copies->folder;
            const std::string wanted = host::join_path(folder.ends_with("/.") ? host::folder_of(folder) : folder, with_ending(*filled, source.plain_copies->compress));
            const auto canonical = host::canonical_or_future(files_, wanted);
            const std::string path = canonical ? *canonical : wanted;
            if (source_of_.contains(path)) problem(key, format("{} is a database itself", printable(path)), "latest = \"{database}.latest\", or another folder");
            const auto [other, is_new] = latest_of_.emplace(path, source_key);
            if (!is_new && other->second != source_key) problem(key, format("{} is the newest copy of [{}] already", printable(path), other->second), "give each source a name or a folder of its own");
        }
    }
    void check_file_name(const std::string& key, const std::string& name) {
        if (const auto is_name = bundle::expect_copy_file_name(name); !is_name) problem(key, is_name.error().message(), is_name.error().advice());
    }
    void check_layers(const std::string& key, const std::string& name, const std::string& compress) {
        if (!may_judge(key)) return;
        if (const auto is_true = expect_true_copy_name(name, compress); !is_true) problem(key, is_true.error().message(), is_true.error().advice());
    }
    // The copies of one source must not get one name.
    void check_template(const std::string& key, const Result<bundle::CopyTemplate>& name, std::size_t databases) {
        if (!may_judge(key)) return;
        if (!name) return problem(key, name.error().message(), name.error().advice());
        if (databases > 1 && !name->has("database")) problem(key, format("the copies of {} databases would have one name", databases), "{database} in it");
    }
    void check_column(const std::string& key, const std::string& column) {
        const auto dot = column.find('.');
        if (dot == std::string::npos || dot == 0 || dot + 1 == column.size()) problem(key, "a column is named with its table", "\"contacts.email\" = \"mask\"");
    }

    void check_schedule(const std::string& key, const std::string& text) {
        if (!may_judge(key) || text == "never") return;
        const auto time = parse_schedule_time(text, 0);
        if (time) return;
        const auto near = nearest(text.substr(0, text.find(' ')), {"hourly", "daily", "weekly", "monthly", "never"});
        problem(key, "that says no time", near.empty() || text.starts_with(near) ? time.error().advice() : toml_text(near));
    }

    std::string canonical(const std::string& path) const {
        return path.empty() ? path : host::canonical_or_future(files_, path).value_or(std::string(path));
    }

    struct Own {
        std::string repository;
        std::vector<std::string> copies;  // folders of plain ones
    };

    host::FileSystem& files_;
    ReadingSettings& reading_;
    Own own_;
    std::map<std::string, std::string> source_of_;  // database: key of the source
    std::map<std::string, std::string> latest_of_;  // newest copy: key of the source
};

}  // namespace

void check_settings_rules(host::FileSystem& files, const Settings& settings, ReadingSettings& reading) {
    Rules(files, reading).check(settings);
}

}  // namespace holdfast::operations

#include "holdfast/operations/load_settings.h"

#include <algorithm>
#include <tuple>

#include "holdfast/base/nearest.h"
#include "holdfast/base/shell_word.h"
#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/operations/find_settings.h"
#include "holdfast/operations/list_settings.h"
#include "holdfast/operations/read_settings_table.h"
#include "holdfast/operations/settings_rules.h"

namespace holdfast::operations {

namespace {

constexpr std::uint64_t file_size_max = 1024 * 1024;

std::string keys_of(const TomlNode& table) {
    std::string keys;
    for (const auto& [key, value] : table.entries) keys += (keys.empty() ? "" : ", ") + printable(key);
    return keys;
}

class Reading {
public:
    Reading(host::FileSystem& files, const SettingsText& text) : files_(files), text_(text) {
        read_.loaded.file = text.file;
        read_.loaded.folder = host::folder_of(text.file);
        read_.loaded.environment = text.environment;
        reading_.base = {.folder = read_.loaded.folder, .home = host::home_folder()};
    }
    ReadSettings finish() && {
        auto parsed = parse_toml(text_.text);
        if (parsed.problem) {
            read_.problems.push_back(*std::move(parsed.problem));
            return std::move(read_);
        }
        const TomlNode environments = taken_out(parsed.root, "environment");
        rehearse(environments);
        if (!text_.environment.empty()) choose(environments, parsed.root);
        read_settings_table(parsed.root, read_.loaded.settings, reading_);
        check_settings_rules(files_, read_.loaded.settings, reading_);
        auto& log = read_.loaded.settings.log;
        if (log.recovery.empty()) log.recovery = host::join_path(read_.loaded.folder, "RECOVERY.md");
        read_.loaded.values = list_settings(read_.loaded.settings, reading_.origins);
        read_.problems = std::move(reading_.problems);
        std::ranges::sort(read_.problems, {}, [](const SettingsProblem& problem) { return std::tie(problem.line, problem.column, problem.key, problem.message); });
        return std::move(read_);
    }

private:
    static TomlNode taken_out(TomlNode& root, std::string_view key) {
        TomlNode* found = root.find(key);
        TomlNode taken = found == nullptr ? TomlNode{} : std::move(*found);
        std::erase_if(root.entries, [&](const auto& entry) { return entry.first == key; });
        return taken;
    }
    void problem(const TomlNode& node, std::string key, std::string message, std::string advice) {
        reading_.problems.push_back({.line = node.line, .column = node.column, .key = std::move(key), .message = std::move(message), .advice = std::move(advice)});
    }
    // An environment that is not chosen is read as well: what is wrong in it is better known now than in production.
    void rehearse(const TomlNode& environments) {
        if (environments.kind != TomlNode::Kind::table) {
            return problem(environments, "environment", "a table of tables is expected", "[environment.production], and the keys that differ below");
        }
        for (const auto& [name, table] : environments.entries) {
            const std::string key = "environment." + toml_key(name);
            if (table.kind != TomlNode::Kind::table) {
                problem(table, key, "a table is expected", format("[{}], and the keys that differ below", key));
            } else if (name != text_.environment) {
                rehearse(key, table);
            }
        }
    }
    void rehearse(const std::string& key, const TomlNode& table) {
        Settings unused;
        ReadingSettings rehearsal{.base = reading_.base, .is_rehearsal = true, .problems = {}, .origins = {}};
        read_settings_table(table, unused, rehearsal, key + ".");
        std::ranges::move(rehearsal.problems, std::back_inserter(reading_.problems));
    }
    void choose(const TomlNode& environments, TomlNode& root) {
        const auto* chosen = environments.find(text_.environment);
        if (chosen != nullptr && chosen->kind == TomlNode::Kind::table) return lay_over(root, *chosen);
        if (chosen != nullptr || environments.kind != TomlNode::Kind::table) return;  // a problem already
        std::vector<std::string> names;
        for (const auto& [name, table] : environments.entries) names.push_back(name);
        const auto near = nearest(text_.environment, names);
        problem(environments, "environment." + toml_key(text_.environment),
                names.empty() ? "there is no such environment, and no other"
                              : format("there is no such environment; there is: {}", keys_of(environments)),
                near.empty() ? "--environment with one of them, or none" : format("--environment {}", shell_word(near)));
    }

    host::FileSystem& files_;
    const SettingsText& text_;
    ReadSettings read_;
    ReadingSettings reading_;
};

std::string in_one_line(const SettingsProblem& problem, const std::string& file) {
    std::string line = problem.line == 0 ? printable(file) : format("{}:{}", printable(file), problem.line);
    if (problem.key.empty() && problem.column != 0) line += format(":{}", problem.column);
    line += ": ";
    if (!problem.key.empty()) line += printable(problem.key) + ": ";
    return line + printable(problem.message) + (problem.advice.empty() ? "" : format(" (try: {})", printable(problem.advice)));
}

Error error_of(const ReadSettings& read) {
    std::string all;
    for (const auto& problem : read.problems) all += "\n  " + in_one_line(problem, read.loaded.file);
    const auto count = read.problems.size();
    return fail(ErrorCode::invalid, "read the settings: {}{}", count == 1 ? "one thing is wrong" : format("{} things are wrong", count), all)
        .with_advice("holdfast settings check explains every value; --settings none goes without");
}

// The environment of a variable is meant for whoever has such settings.
Result<ReadSettings> without_file(const SettingsRequest& request) {
    if (!request.environment.empty()) {
        return fail(ErrorCode::invalid, "use the environment {}: there are no settings", printable(request.environment))
            .with_advice("holdfast init DATABASE writes some; --settings names others");
    }
    ReadSettings read;
    read.loaded.values = list_settings(read.loaded.settings, {});
    return read;
}

}  // namespace

const SourceSettings* LoadedSettings::source(const std::string& name) const {
    const auto at = settings.source.find(name);
    return at == settings.source.end() ? nullptr : &at->second;
}

std::string beside_settings(const LoadedSettings& loaded, const std::string& command) {
    return format("cd {} || exit 1\n{}", shell_word(loaded.folder), command);
}

ReadSettings read_settings_text(host::FileSystem& files, const SettingsText& text) { return Reading(files, text).finish(); }

Result<ReadSettings> read_settings(Context& context, const SettingsRequest& request) {
    const auto place = TRY(find_settings(context, request));
    if (!place) return without_file(request);
    auto bytes = host::read_file(context.host.files, place->file, file_size_max);
    if (!bytes) {
        const auto code = bytes.error().code() == ErrorCode::corrupt ? ErrorCode::invalid : bytes.error().code();
        return std::move(bytes).error().while_doing("read the settings").with_code(code).with_advice("--settings with the right file, or none to go without");
    }
    const auto environment = request.environment.empty() ? host::environment("HOLDFAST_ENVIRONMENT").value_or("") : request.environment;
    return read_settings_text(context.host.files, {.text = text_of(*bytes), .file = place->file, .environment = environment});
}

Result<LoadedSettings> load_settings(Context& context, const SettingsRequest& request) {
    if (request.loaded) return *request.loaded;
    auto read = TRY(read_settings(context, request));
    if (!read.problems.empty()) return error_of(read);
    return std::move(read.loaded);
}

}  // namespace holdfast::operations

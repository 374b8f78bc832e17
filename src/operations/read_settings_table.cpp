#include "holdfast/operations/read_settings_table.h"

#include <algorithm>
#include <cmath>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"
#include "holdfast/bundle/literal_secret.h"
#include "holdfast/history/calendar.h"
#include "holdfast/operations/duration.h"
#include "holdfast/sqlite/ask_image.h"
#include "holdfast/sqlite/expect_query.h"

namespace holdfast::operations {

namespace {

using Kind = TomlNode::Kind;

constexpr std::size_t text_size_max = 64 * 1024;
constexpr std::size_t items_max = 10'000;
constexpr std::int64_t duration_s_max = 1000LL * 365 * 86'400;
constexpr std::uint64_t count_max = 1'000'000'000;

std::string_view in_words(Kind kind) {
    switch (kind) {
        case Kind::text: return "a text";
        case Kind::integer: return "a whole number";
        case Kind::number: return "a number with a fraction";
        case Kind::boolean: return "true or false";
        case Kind::list: return "a list";
        case Kind::table: return "a table";
        case Kind::date: return "a date";
    }
    return "something else";
}

std::string_view wanted_text(Form form) {
    switch (form) {
        case Form::duration: return "a duration";
        case Form::span: return "a span of time";
        case Form::size: return "a size";
        case Form::path: return "a path";
        case Form::database: return "the path of a database";
        case Form::command:
        case Form::secret_command: return "a command";
        case Form::query:
        case Form::query_of_name: return "a query";
        case Form::condition: return "a condition";
        case Form::plain: break;
    }
    return "a text";
}

bundle::ValueKind kind_of(Form form) {
    if (form == Form::secret_command) return bundle::ValueKind::secret_command;
    return form == Form::query || form == Form::query_of_name || form == Form::condition ? bundle::ValueKind::query : bundle::ValueKind::words;
}

std::string_view instead_of_secret(Form form) {
    if (form == Form::secret_command) return "password_file = \"FILE\"; or a command that fetches it: \"pass show holdfast\", or 'printf %s \"$NAME\"' for one in the environment";
    if (form == Form::command) return "\"$NAME\" with the secret in the environment, or \"$(cat FILE)\", or \"$(COMMAND)\"";
    return "${NAME}, with the secret in the environment; or leave it out";
}

// The parameter :name given a value, wherever it stands: only whether the rest is a query is looked at.
std::string with_any_name(std::string sql) {
    for (std::size_t at = 0; (at = sql.find(sqlite::name_parameter, at)) != std::string::npos;) sql.replace(at, sqlite::name_parameter.size(), " NULL");
    return sql;
}

// The visitor of one table.
class TableReader {
public:
    TableReader(const TomlNode& table, std::string prefix, ReadingSettings& reading)
        : table_(table), prefix_(std::move(prefix)), reading_(reading) {}

    void operator()(bool& value, const SettingText& text) {
        if (const auto* node = take(text, Kind::boolean, "true or false")) value = node->boolean;
    }
    void operator()(std::uint64_t& value, const SettingText& text) {
        if (text.form == Form::size) return read_measure(value, text, parse_size);
        const auto* node = take(text, Kind::integer, "a whole number");
        if (node == nullptr) return;
        if (node->integer < 0) return wrong(*node, text, "it is below zero");
        if (static_cast<std::uint64_t>(node->integer) > count_max) return wrong(*node, text, format("it is more than {}", count_max));
        value = static_cast<std::uint64_t>(node->integer);
    }
    void operator()(std::int64_t& value, const SettingText& text) {
        read_measure(value, text, [](std::string_view given) -> Result<std::int64_t> {
            const auto seconds = TRY(parse_duration_s(given));
            if (seconds > duration_s_max) return fail(ErrorCode::invalid, "it is more than a thousand years");
            return seconds;
        });
    }
    void operator()(std::optional<double>& value, const SettingText& text) {
        const auto* node = find(text);
        if (node == nullptr) return;
        if (node->kind == Kind::integer) value = static_cast<double>(node->integer);
        else if (node->kind == Kind::number && std::isfinite(node->number)) value = node->number;
        else wrong_type(*node, text, "a number");
    }
    void operator()(std::string& value, const SettingText& text) {
        const auto* node = take(text, Kind::text, wanted_text(text.form));
        if (node == nullptr) return;
        auto read = text_of(*node, text, reading_.origins[prefix_ + std::string(text.key)]);
        if (read) value = *std::move(read);
    }
    void operator()(std::vector<std::string>& values, const SettingText& text) {
        const auto* node = take(text, Kind::list, "a list of texts");
        if (node == nullptr) return;
        values.clear();
        std::vector<std::string> written;  // never what was refused: it may be a secret
        if (node->items.size() > items_max) return wrong(*node, text, format("it has more than {} items", items_max));
        for (const auto& item : node->items) {
            if (item.kind != Kind::text) {
                wrong_type(item, text, "a list of texts");
                continue;
            }
            auto read = text_of(item, text, reading_.origins[prefix_ + std::string(text.key)]);
            if (!read) continue;
            values.push_back(*std::move(read));
            written.push_back(item.text);
        }
        auto& origin = reading_.origins[prefix_ + std::string(text.key)];
        if (!origin.written.empty()) origin.written = toml_list(written);
    }
    void operator()(std::map<std::string, std::string>& values, const SettingText& text) {
        const auto* node = take(text, Kind::table, "a table of texts");
        if (node == nullptr) return;
        for (const auto& [key, item] : node->entries) {
            const std::string own_key = format("{}.{}", text.key, toml_key(key)), name = prefix_ + own_key;
            SettingText own_text = text;
            own_text.key = own_key;
            own_text.example = text.example.substr(text.example.find(" = ") + 3);  // its example is a whole line
            auto& origin = note(name, item);
            if (item.kind != Kind::text) {
                problem(item, name, format("a text is expected, and {} stands there", in_words(item.kind)), std::string(text.example));
                continue;
            }
            auto read = text_of(item, own_text, origin);
            if (read) values[key] = *std::move(read);
        }
    }
    template <SettingsTable T>
    void operator()(T& value, const SettingText& text) {
        if (const auto* node = take(text, Kind::table, "a table")) read(value, *node, prefix_ + std::string(text.key));
    }
    template <SettingsTable T>
    void operator()(std::optional<T>& value, const SettingText& text) {
        const auto* node = take(text, Kind::table, "a table");
        if (node == nullptr) return;
        value.emplace();
        read(*value, *node, prefix_ + std::string(text.key));
    }
    template <SettingsTable T>
    void operator()(std::vector<T>& values, const SettingText& text) {
        const auto* node = find(text);
        if (node == nullptr) return;
        const std::string key = prefix_ + std::string(text.key);
        const bool are_tables = node->kind == Kind::list && std::ranges::all_of(node->items, [](const auto& item) { return item.kind == Kind::table; });
        if (!are_tables || node->items.size() > items_max) {
            return problem(*node, key, "a list of tables is expected", format("[[{}]], and its keys below", key));
        }
        values.clear();
        for (const auto& item : node->items) {
            const std::string name = format("{}[{}]", key, values.size() + 1);
            note(name, item);
            read(values.emplace_back(), item, name);
        }
    }
    template <SettingsTable T>
    void operator()(std::map<std::string, T>& values, const SettingText& text) {
        const auto* node = take(text, Kind::table, "a table of tables");
        if (node == nullptr) return;
        for (const auto& [key, item] : node->entries) {
            const std::string name = prefix_ + std::string(text.key) + "." + toml_key(key);
            note(name, item);
            if (item.kind == Kind::table) read(values[key], item, name);
            else problem(item, name, format("a table is expected, and {} stands there", in_words(item.kind)), format("[{}], and its keys below", name));
        }
    }

    void also_known(std::string_view key) { known_.emplace_back(key); }
    // What nobody asked for.
    void finish() {
        for (const auto& [key, node] : table_.entries) {
            if (std::ranges::find(known_, key) == known_.end()) unknown(key, node);
        }
    }

private:
    template <SettingsTable T>
    void read(T& value, const TomlNode& node, const std::string& key) {
        if constexpr (WholeTable<T>) value = T{};
        TableReader reader(node, key + ".", reading_);
        value.describe(reader);
        reader.finish();
    }

    SettingOrigin& note(const std::string& key, const TomlNode& node) {
        return reading_.origins[key] = {.line = node.line, .column = node.column, .is_overlaid = node.is_overlaid, .variables = {}, .written = {}};
    }
    void problem(const TomlNode& node, std::string key, std::string message, std::string advice) {
        reading_.problems.push_back({.line = node.line, .column = node.column, .key = std::move(key), .message = std::move(message), .advice = std::move(advice)});
    }
    void wrong(const TomlNode& node, const SettingText& text, const std::string& message) {
        problem(node, prefix_ + std::string(text.key), message, example_of(text));
    }
    void wrong_type(const TomlNode& node, const SettingText& text, std::string_view wanted) {
        wrong(node, text, format("{} is expected, and {} stands there", wanted, in_words(node.kind)));
    }
    static std::string example_of(const SettingText& text) {
        return text.example.empty() ? "" : format("{} = {}", text.key, text.example);
    }
    const TomlNode* find(const SettingText& text) {
        known_.emplace_back(text.key);
        const auto* node = table_.find(text.key);
        if (node != nullptr) note(prefix_ + std::string(text.key), *node);
        return node;
    }
    const TomlNode* take(const SettingText& text, Kind kind, std::string_view wanted) {
        const auto* node = find(text);
        if (node == nullptr || node->kind == kind) return node;
        wrong_type(*node, text, wanted);
        return nullptr;
    }

    template <typename Number, typename Parse>
    void read_measure(Number& value, const SettingText& text, Parse parse) {
        std::string given;
        (*this)(given, text);
        if (given.empty()) {
            const auto* node = table_.find(text.key);
            if (node != nullptr && node->kind == Kind::text && node->text.empty()) wrong(*node, text, "it is empty");
            return;
        }
        auto parsed = parse(given);
        if (parsed) value = *parsed;
        else failed(*table_.find(text.key), text, parsed.error());
    }
    // An error names what was read; what came out of a variable may be secret.
    void failed(const TomlNode& node, const SettingText& text, const Error& error) {
        const auto& origin = reading_.origins[prefix_ + std::string(text.key)];
        const bool may_show = origin.variables.empty();
        wrong(node, text, may_show ? error.message() : format("what ${{{}}} holds is not {}", origin.variables.front(), wanted_text(text.form)));
    }

    std::optional<std::string> text_of(const TomlNode& node, const SettingText& text, SettingOrigin& origin) {
        if (node.text.size() > text_size_max) {
            wrong(node, text, format("it is longer than {} bytes", text_size_max));
            return std::nullopt;
        }
        if (const auto secret = bundle::literal_secret_in(node.text, kind_of(text.form))) {
            problem(node, prefix_ + std::string(text.key), format("{} is written out, and secrets may not stand in the settings", *secret), std::string(instead_of_secret(text.form)));
            return std::nullopt;
        }
        auto expanded = expand_variables(node.text);
        if (!expanded) {
            wrong(node, text, expanded.error().message());
            reading_.problems.back().advice = expanded.error().advice();
            return std::nullopt;
        }
        for (const auto& name : expanded->variables) origin.variables.push_back(name);
        if (!expanded->variables.empty() && text.form != Form::path && text.form != Form::database) origin.written = toml_text(node.text);
        if (!expanded->missing.empty()) {
            if (!reading_.is_rehearsal) missing_variables(node, text, *expanded);
            return std::nullopt;
        }
        return formed(node, text, std::move(expanded->text));
    }
    void missing_variables(const TomlNode& node, const SettingText& text, const Expanded& expanded) {
        for (const auto& name : expanded.missing) {
            const bool is_command = text.form == Form::command || text.form == Form::secret_command;
            problem(node, prefix_ + std::string(text.key), format("the environment variable {} is not set, or empty", name),
                    is_command ? format("set it, or write $${{{}}} to leave it to the shell", name) : format("set {}, or write $${{ for the two characters themselves", name));
        }
    }
    std::optional<std::string> formed(const TomlNode& node, const SettingText& text, std::string value) {
        if (!text.choices.empty() && std::ranges::find(text.choices, value) == text.choices.end()) {
            choose(node, text, value);
            return std::nullopt;
        }
        if (text.form == Form::span) {
            const auto span = history::parse_span(value);
            if (span) return value;
            failed(node, text, span.error());
            return std::nullopt;
        }
        if ((text.form == Form::query || text.form == Form::query_of_name) && !trim(value).empty()) {
            if (const auto query = sqlite::expect_query(text.form == Form::query ? value : with_any_name(value)); !query) {
                failed(node, text, query.error());
                return std::nullopt;
            }
        }
        if (text.form != Form::path && text.form != Form::database) return value;
        if (value.empty() && !text.otherwise.empty()) return value;  // what holds without it
        auto path = text.form == Form::path ? absolute_path(value, reading_.base) : database_path(value, reading_.base);
        if (path) return *std::move(path);
        failed(node, text, path.error());
        return std::nullopt;
    }
    void choose(const TomlNode& node, const SettingText& text, const std::string& value) {
        std::string all;
        for (const auto choice : text.choices) all += (all.empty() ? "" : ", ") + std::string(choice);
        const auto near = nearest(value, {text.choices.begin(), text.choices.end()});
        wrong(node, text, format("it is one of {}", all));
        if (!near.empty()) reading_.problems.back().advice = toml_text(near);
    }

    void unknown(const std::string& key, const TomlNode& node) {
        const std::string name = prefix_ + toml_key(key);
        const auto is_known = [&](std::string_view end) { return std::ranges::find(known_, key + std::string(end)) != known_.end(); };
        if (is_name_of_a_secret(key) && node.kind != Kind::table) {
            const std::string advice = is_known("_command") ? format("{0}_file = \"FILE\" or {0}_command = \"COMMAND\"; for one in the environment: {0}_command = 'printf %s \"$NAME\"'", key)
                                       : is_known("_file")  ? format("{}_file = \"FILE\"", key)
                                                            : "leave it out; commands read secrets from files or from the environment";
            return problem(node, name, "secrets may not stand in the settings", advice);
        }
        const auto near = nearest(key, known_);
        std::string all;
        for (const auto& known : known_) all += (all.empty() ? "" : ", ") + known;
        problem(node, name, "there is no such key", near.empty() ? "there are " + all : near);
    }

    const TomlNode& table_;
    std::string prefix_;
    ReadingSettings& reading_;
    std::vector<std::string> known_;
};

}  // namespace

void read_settings_table(const TomlNode& root, Settings& settings, ReadingSettings& reading, const std::string& prefix) {
    TableReader reader(root, prefix, reading);
    settings.describe(reader);
    if (prefix.empty()) reader.also_known("environment");  // taken out before, but the one that a slip of the finger means
    reader.finish();
}

}  // namespace holdfast::operations

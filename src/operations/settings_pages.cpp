#include "holdfast/operations/settings_pages.h"

#include <map>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/operations/setting_forms.h"
#include "holdfast/operations/settings.h"

namespace holdfast::operations {

namespace {

// "${" would be read as the beginning of a variable.
std::string as_text(std::string_view text) {
    std::string written;
    for (std::size_t at = 0; at < text.size(); ++at) written += text.substr(at).starts_with("${") ? "$$" : std::string(1, text[at]);
    return written;
}

// A mark of its own for each struct: what was explained once is not explained again.
template <typename T>
constexpr char type_mark = 0;

std::string default_of(bool value, const SettingText&) { return value ? "true" : ""; }
std::string default_of(std::uint64_t value, const SettingText& text) { return value == 0 ? "" : toml_value(value, text.form); }
std::string default_of(std::int64_t value, const SettingText&) { return value == 0 ? "" : toml_text(duration_text(value)); }
std::string default_of(const std::optional<double>&, const SettingText&) { return ""; }
std::string default_of(const std::string& value, const SettingText&) { return value.empty() ? "" : toml_text(value); }
std::string default_of(const std::vector<std::string>&, const SettingText&) { return ""; }

std::string type_of(bool, const SettingText&) { return "true or false"; }
std::string type_of(std::uint64_t, const SettingText& text) { return text.form == Form::size ? "size" : "whole number"; }
std::string type_of(std::int64_t, const SettingText&) { return "duration"; }
std::string type_of(const std::optional<double>&, const SettingText&) { return "number"; }
std::string type_of(const std::string&, const SettingText& text) {
    if (!text.choices.empty()) {
        std::string all;
        for (const auto choice : text.choices) all += (all.empty() ? "" : ", ") + toml_text(choice);
        return all;
    }
    switch (text.form) {
        case Form::path: return "path";
        case Form::database: return "path or file: URL";
        case Form::command:
        case Form::secret_command: return "command";
        case Form::query:
        case Form::query_of_name: return "query";
        case Form::condition: return "condition";
        case Form::span: return "span";
        default: return "text";
    }
}
std::string type_of(const std::vector<std::string>&, const SettingText& text) {
    return text.form == Form::plain ? "list of texts" : "list of " + std::string(text.form == Form::database ? "paths or file: URLs" : "paths");
}

template <typename T>
concept SingleValue = requires(const T& value, const SettingText& text) { default_of(value, text); } && !SettingsTable<T>;

enum class More { none, keys };
struct TableType {
    const void* mark = nullptr;
    bool differs = false;     // its defaults do, from place to place
    bool is_effective = false;  // it is a rule that holds by default: what it does not say is a part of it
};

// What both pages have in common: the way through the tables.
template <typename Writer>
class Walk {
public:
    Walk(Writer& writer, std::string header) : writer_(writer), header_(std::move(header)) {}

    template <SingleValue T>
    void operator()(T& value, const SettingText& text) {
        writer_.value(header_, text, type_of(value, text), default_of(value, text));
    }
    void operator()(std::map<std::string, std::string>&, const SettingText& text) {
        writer_.table("[" + below(text) + "]", text, {});
        writer_.free_key(text);
    }
    template <SettingsTable T>
    void operator()(T& value, const SettingText& text) {
        into(value, below(text), text, "[{}]");
    }
    template <SettingsTable T>
    void operator()(std::optional<T>&, const SettingText& text) {
        T value;
        into(value, below(text), text, "[{}]");
    }
    template <SettingsTable T>
    void operator()(std::vector<T>&, const SettingText& text) {
        T value;
        into(value, below(text), text, "[[{}]]");
    }
    template <SettingsTable T>
    void operator()(std::map<std::string, T>&, const SettingText& text) {
        for (const auto& name : writer_.names(below(text), text)) {
            T value;
            into(value, below(text) + "." + toml_key(name), text, "[{}]");
        }
    }

private:
    static bool is_effective(const auto&) { return false; }
    static bool is_effective(const KeepSettings& keep) { return !keep.is_empty(); }
    std::string below(const SettingText& text) const { return header_.empty() ? std::string(text.key) : header_ + "." + std::string(text.key); }
    template <SettingsTable T>
    void into(T& value, const std::string& header, const SettingText& text, fmt::format_string<const std::string&> form) {
        const auto more = writer_.table(format(form, header), text, {.mark = &type_mark<T>, .differs = WholeTable<T>, .is_effective = is_effective(value)});
        if (more == More::none) return;
        Walk walk(writer_, header);
        value.describe(walk);
        writer_.end_of_table();
    }

    Writer& writer_;
    std::string header_;
};

class FileWriter {
public:
    explicit FileWriter(const NewFileText& plan) : plan_(plan) {
        live("repository", "path", plan.repository);
        live("repository", "key_file", plan.key_file);
        live("repository", "password_file", plan.password_file);
        live("repository", "password_command", plan.password_command);
        for (const auto& source : plan.sources) {
            live_["[source." + toml_key(source.name) + "]"] = "";
            live_["source." + toml_key(source.name) + ".databases"] = toml_list({as_text(source.database)});
        }
    }
    std::string out;

    // The first source shows what there is; the others are as short as they can be.
    More table(const std::string& header, const SettingText& text, TableType type) {
        out += "\n";
        is_effective_ = type.is_effective;
        const auto databases = live_.find(header.substr(1, header.size() - 2) + ".databases");
        const bool is_source = databases != live_.end();
        if (!is_source || !has_source_) remark(text);
        out += (live_.contains(header) ? "" : "#") + header + "\n";
        if (is_source && has_source_) {
            out += "databases = " + databases->second + "\n";
            return More::none;
        }
        has_source_ = has_source_ || is_source;
        return More::keys;
    }
    void end_of_table() {}
    std::vector<std::string> names(const std::string& key, const SettingText& text) {
        std::vector<std::string> names;
        if (key == "source") {
            for (const auto& source : plan_.sources) names.push_back(source.name);
        }
        if (names.empty()) names.emplace_back(text.example);
        return names;
    }
    void value(const std::string& header, const SettingText& text, const std::string& type, const std::string& otherwise) {
        const auto at = live_.find(header + "." + std::string(text.key));
        remark(text);
        const std::string key(text.key);
        if (at != live_.end()) out += key + " = " + at->second + "\n";
        else out += "#" + key + " = " + (!otherwise.empty() ? otherwise : is_effective_ ? nothing_of(type) : std::string(text.example)) + "\n";
    }
    void free_key(const SettingText& text) { out += "#" + std::string(text.example) + "\n"; }

private:
    static std::string nothing_of(const std::string& type) { return type == "whole number" ? "0" : type == "span" ? "\"0\"" : "false"; }
    void live(const std::string& table, const std::string& key, const std::string& value) {
        if (value.empty()) return;
        live_["[" + table + "]"] = "";
        live_[table + "." + key] = toml_text(as_text(value));
    }
    void remark(const SettingText& text) {
        if (said_.insert(std::string(text.sentence)).second) out += format("# {}\n", text.sentence);
    }

    const NewFileText& plan_;
    std::map<std::string, std::string> live_;
    bool has_source_ = false, is_effective_ = false;
    std::set<std::string> said_;
};

class PageWriter {
public:
    std::string out;

    More table(const std::string& header, const SettingText& text, TableType type) {
        out += format("\n### `{}`\n\n{}\n", header, text.sentence);
        is_in_table_ = false;
        if (type.mark == nullptr) return More::keys;
        const auto [first, is_first] = told_.emplace(type.mark, header);
        is_repeated_ = !is_first && type.differs;
        if (!is_first) out += format("\nThe keys are those of `{}`{}", first->second, type.differs ? "" : ".\n");
        return is_first || type.differs ? More::keys : More::none;
    }
    // Of a table that was told before, what is its own: the defaults.
    void end_of_table() {
        if (is_repeated_) out += ".\n";
        is_repeated_ = is_in_table_ = false;
    }
    std::vector<std::string> names(const std::string&, const SettingText&) { return {"NAME"}; }
    void value(const std::string&, const SettingText& text, const std::string& type, const std::string& otherwise) {
        if (is_repeated_) {
            if (!otherwise.empty()) out += format("{} `{} = {}`", is_in_table_ ? "," : "; by default", text.key, otherwise);
            is_in_table_ = is_in_table_ || !otherwise.empty();
            return;
        }
        if (!is_in_table_) out += "\n| key | what it is | default | example | |\n|---|---|---|---|---|\n";
        is_in_table_ = true;
        const std::string default_text = !otherwise.empty() ? "`" + cell(otherwise) + "`" : std::string(text.otherwise);
        out += format("| `{}` | {} | {} | `{}` | {} |\n", text.key, cell(type), cell(default_text), cell(text.example), cell(text.sentence));
    }
    void free_key(const SettingText& text) { out += format("\nFor example `{}`.\n", text.example); }

private:
    static std::string cell(std::string_view text) {
        std::string out;
        for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
        return out;
    }
    bool is_in_table_ = false, is_repeated_ = false;
    std::map<const void*, std::string> told_;
};

constexpr std::string_view file_head = R"(# Settings of holdfast: what is backed up, where to, and how long it is kept.
#
# What is commented out shows the default, or an example where there is none. Paths are relative to this file.
# Durations: 90s 15m 24h 30d 4w 12mo 1y. Sizes: 500MB 5GiB. ${NAME} in a text is an environment variable, $${ is ${.
# Secrets may not stand here: name a file or a command that has them.
#
# holdfast settings check       explains every value, and what is wrong
# holdfast settings reference   everything there is to say
)";

constexpr std::string_view file_foot = R"(
# Any key above may stand below an environment, and counts before the others there: holdfast --environment production
# backup, or HOLDFAST_ENVIRONMENT=production.
#[environment.production]
#repository.path = "/backups/app"
#[environment.production.retention.automatic]
#keep_hourly = 48
)";

constexpr std::string_view page_head = R"(# Settings: `holdfast.toml`

This page is printed by `holdfast settings reference`; a test compares the two.

`holdfast init DATABASE` writes a commented file. `holdfast settings check` explains every value in effect and where it comes from, and tells everything that is wrong, each with its line. With settings, `holdfast backup` without an argument backs up every source.

## How settings are found

`--settings FILE`, else `$HOLDFAST_SETTINGS`, else `holdfast.toml` in the working folder or the nearest folder above it; without any, the defaults below hold. `--settings none` goes without. What the command line or an environment variable says (`-r`, `$HOLDFAST_REPOSITORY`, `--key-file`, ...) counts before the settings.

Settings run commands. So a file that anybody may write, or that lies where anybody could put another in its place, is refused; one that is found, not named, must also belong to you or root, and its folder too.

Settings count for every repository that is used below them; only their secrets are for the one that they name.

Where a repository is named by `-r` or `$HOLDFAST_REPOSITORY`, faulty settings do not stand in the way of listing or restoring: they are warned of, and left out. A backup, a drill and status do not go on without what they say.

## What values look like

- **Texts** stand in quotes. `${NAME}` is the environment variable of that name, which must be set and not empty; `${NAME:-text}` is the text where it is not; `$${` is `${` itself (in a command, `$NAME` or `$${NAME}` is left to the shell).
- **Paths** are relative to the settings' folder; `~/` is the home folder. Databases may be `file:` URLs as SQLite and Prisma have them; what follows a `?` is dropped. Commands run in the settings' folder.
- **Durations**: a whole number and `s`, `m`, `h`, `d`, `w`, `mo` (30 days) or `y` (365 days): `"90s"`, `"24h"`, `"12mo"`.
- **Spans** of retention go by the calendar: numbers and `y`, `mo`, `w`, `d`, `h`, such as `"30d"` or `"1y6mo"`.
- **Sizes**: a whole number and `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000) or `KiB`, `MiB`, `GiB`, `TiB` (powers of 1024): `"500MB"`, `"5GiB"`.
- **Secrets** may not stand in the file. Name a file or a command that has them; for one in the environment: `password_command = 'printf %s "$NAME"'`. Refused is also what is written out within another value: keys of well-known shapes, private keys, passwords in addresses, what stands literally behind the name of a secret (`NAME=...`, `"name": ...`, `--name ...`), behind `Bearer`, or in a `password_command` that only prints it. `$NAME`, `$${NAME}`, `$(COMMAND)`, `@FILE` and paths are what to write instead.
- **Rules of retention** count as a whole: one that is given replaces the default rule, also the lines that it does not name.

## Environments

Any key may stand below `[environment.NAME]`. `--environment NAME` or `$HOLDFAST_ENVIRONMENT` chooses one; its tables are laid over the others, key by key, and its lists replace theirs.

    [environment.production]
    repository.path = "/backups/app"
    [environment.production.retention.automatic]
    keep_hourly = 48

## Every key
)";

}  // namespace

std::string new_settings_file(const NewFileText& plan) {
    FileWriter writer(plan);
    writer.out = file_head;
    Walk walk(writer, "");
    Settings defaults;
    defaults.describe(walk);
    return writer.out + std::string(file_foot);
}

std::string repository_keys(const NewFileText& plan) {
    std::string out;
    const auto key = [&](std::string_view name, const std::string& value) {
        if (!value.empty()) out += format("{} = {}\n", name, toml_text(as_text(value)));
    };
    key("path", plan.repository);
    key("key_file", plan.key_file);
    key("password_file", plan.password_file);
    key("password_command", plan.password_command);
    return out;
}

std::string settings_reference() {
    PageWriter writer;
    writer.out = page_head;
    Walk walk(writer, "");
    Settings defaults;
    defaults.describe(walk);
    return writer.out;
}

}  // namespace holdfast::operations

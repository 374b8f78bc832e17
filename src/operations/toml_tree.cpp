#include "holdfast/operations/toml_tree.h"

// toml++ 3.3 asserts what odd input breaks ("[?]"), and in a release build lets the compiler take it for true. Behind each of
// these its code goes on to report the fault; so they are made to say nothing, in every build.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#define TOML_ASSERT(expression) static_assert(true)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnull-dereference"
#include <toml++/toml.h>
#pragma GCC diagnostic pop
#pragma pop_macro("NDEBUG")

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

constexpr int levels_max = 32;
constexpr std::size_t dots_in_line_max = 64;

// toml++ 3.3 limits the depth of values, but not that of dotted keys, and takes a step of the stack for each of their
// parts: so dots outside of texts and comments are counted first. The line that has too many, or 0.
std::uint32_t line_with_too_many_dots(std::string_view text) {
    std::uint32_t line = 1;
    std::size_t dots = 0;
    std::string_view closing;  // of the text that is open
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto rest = text.substr(at);
        const char c = text[at];
        if (c == '\n') {
            ++line;
            dots = 0;
            if (closing.size() == 1 || closing == "\n") closing = {};
        } else if (!closing.empty()) {
            if (c == '\\' && closing[0] == '"' && rest.size() > 1 && rest[1] != '\n') ++at;
            else if (rest.starts_with(closing)) {
                at += closing.size() - 1;
                closing = {};
            }
        } else if (c == '#') {
            closing = "\n";
        } else if (c == '"' || c == '\'') {
            closing = rest.starts_with("\"\"\"") ? "\"\"\"" : rest.starts_with("'''") ? "'''" : c == '"' ? "\"" : "'";
            at += closing.size() - 1;
        } else if (c == '.' && ++dots > dots_in_line_max) {
            return line;
        }
    }
    return 0;
}

TomlNode at_place(const toml::source_region& place) {
    TomlNode node;
    node.line = static_cast<std::uint32_t>(place.begin.line);
    node.column = static_cast<std::uint32_t>(place.begin.column);
    return node;
}

class Converter {
public:
    std::optional<SettingsProblem> problem;

    // Recursive, but never deeper than levels_max.
    TomlNode convert(const toml::node& from, int level) {
        TomlNode node = at_place(from.source());
        if (level > levels_max) {
            problem = SettingsProblem{.line = node.line, .column = node.column, .key = {}, .message = format("it is nested deeper than {} levels", levels_max), .advice = {}};
            return node;
        }
        if (const auto* table = from.as_table()) convert_table(*table, node, level);
        else if (const auto* list = from.as_array()) convert_list(*list, node, level);
        else convert_value(from, node);
        return node;
    }

private:
    void convert_table(const toml::table& table, TomlNode& node, int level) {
        node.kind = TomlNode::Kind::table;
        for (const auto& [key, value] : table) {
            TomlNode child = convert(value, level + 1);
            const auto place = at_place(key.source());
            if (child.kind != TomlNode::Kind::table && place.line != 0) {
                child.line = place.line;
                child.column = place.column;
            }
            node.entries.emplace_back(std::string(key.str()), std::move(child));
        }
        std::ranges::sort(node.entries, {}, [](const auto& entry) { return entry.first; });
    }
    void convert_list(const toml::array& list, TomlNode& node, int level) {
        node.kind = TomlNode::Kind::list;
        for (const auto& item : list) node.items.push_back(convert(item, level + 1));
    }
    static void convert_value(const toml::node& from, TomlNode& node) {
        if (const auto* text = from.as_string()) {
            node.kind = TomlNode::Kind::text;
            node.text = text->get();
        } else if (const auto* integer = from.as_integer()) {
            node.kind = TomlNode::Kind::integer;
            node.integer = integer->get();
        } else if (const auto* number = from.as_floating_point()) {
            node.kind = TomlNode::Kind::number;
            node.number = number->get();
        } else if (const auto* boolean = from.as_boolean()) {
            node.kind = TomlNode::Kind::boolean;
            node.boolean = boolean->get();
        } else {
            node.kind = TomlNode::Kind::date;
        }
    }
};

std::string_view line_of(std::string_view text, std::uint32_t number) {
    for (std::uint32_t line = 1; line < number; ++line) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    return text.substr(0, text.find('\n'));
}

// The parser quotes what it saw: not from a line that may hold a secret.
std::string without_secrets(std::string_view said, std::string_view line) {
    const auto equals = line.find('=');
    const auto key = trim(line.substr(0, equals));
    const bool may_be_secret = equals == std::string_view::npos || is_name_of_a_secret(key);
    return std::string(trim(may_be_secret ? said.substr(0, std::min(said.find(" saw "), said.find('\''))) : said));
}

SettingsProblem syntax_problem(const toml::parse_error& error, std::string_view text) {
    const auto& place = error.source().begin;
    SettingsProblem problem{.line = static_cast<std::uint32_t>(place.line),
                            .column = static_cast<std::uint32_t>(place.column),
                            .key = {},
                            .message = {},
                            .advice = "texts stand in quotes: key = \"text\"; https://toml.io tells the rest"};
    problem.message = "it is no TOML: " + printable(without_secrets(error.description(), line_of(text, problem.line)));
    return problem;
}

const TomlNode* found_in(const TomlNode& table, std::string_view key) {
    const auto at = std::ranges::find(table.entries, key, [](const auto& entry) { return std::string_view(entry.first); });
    return at == table.entries.end() ? nullptr : &at->second;
}

// Recursive, but never deeper than levels_max.
void mark_as_overlaid(TomlNode& node) {
    node.is_overlaid = true;
    for (auto& item : node.items) mark_as_overlaid(item);
    for (auto& [key, value] : node.entries) mark_as_overlaid(value);
}

}  // namespace

TomlNode* TomlNode::find(std::string_view key) { return const_cast<TomlNode*>(found_in(*this, key)); }
const TomlNode* TomlNode::find(std::string_view key) const { return found_in(*this, key); }

ParsedToml parse_toml(std::string_view text) {
    ParsedToml parsed;
    if (const auto line = line_with_too_many_dots(text); line != 0) {
        parsed.problem = SettingsProblem{.line = line, .column = 1, .key = {}, .message = format("more than {} dots in one line", dots_in_line_max), .advice = {}};
        return parsed;
    }
    const auto result = toml::parse(text);
    if (!result) {
        parsed.problem = syntax_problem(result.error(), text);
        return parsed;
    }
    Converter converter;
    parsed.root = converter.convert(result.table(), 0);
    parsed.problem = std::move(converter.problem);
    return parsed;
}

// Recursive, but never deeper than levels_max.
void lay_over(TomlNode& base, const TomlNode& over) {
    for (const auto& [key, value] : over.entries) {
        TomlNode* there = base.find(key);
        if (there != nullptr && there->kind == TomlNode::Kind::table && value.kind == TomlNode::Kind::table) {
            lay_over(*there, value);
            continue;
        }
        TomlNode laid = value;
        mark_as_overlaid(laid);
        if (there != nullptr) *there = std::move(laid);
        else base.entries.emplace_back(key, std::move(laid));
    }
    std::ranges::sort(base.entries, {}, [](const auto& entry) { return entry.first; });
}

bool is_name_of_a_secret(std::string_view key) {
    std::string last;
    for (const char c : key) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (is_letter) last += static_cast<char>(c | 0x20);
        else if (c == '_' || c == '-' || c == '.' || c == ' ') last.clear();
    }
    for (const std::string_view word : {"password", "passwd", "passphrase", "secret", "token", "key", "credentials", "apikey"}) {
        if (last == word) return true;
    }
    return false;
}

}  // namespace holdfast::operations

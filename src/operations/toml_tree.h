// A TOML document as plain values that know their lines. The parser (toml++) stays inside toml_tree.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace holdfast::operations {

// One thing that is wrong in a file. Lines and columns count from 1; 0: it stands nowhere.
struct SettingsProblem {
    std::uint32_t line = 0, column = 0;
    std::string key;      // "source.app.databases"; empty: of the whole file
    std::string message;
    std::string advice;
};

struct TomlNode {
    enum class Kind { text, integer, number, boolean, list, table, date };
    Kind kind = Kind::table;
    std::string text;
    std::int64_t integer = 0;
    double number = 0;
    bool boolean = false;
    std::vector<TomlNode> items;
    std::vector<std::pair<std::string, TomlNode>> entries;  // of a table, ascending by key
    std::uint32_t line = 0, column = 0;  // of the key, or of the [header] of a table
    bool is_overlaid = false;            // it comes from an [environment.NAME]

    TomlNode* find(std::string_view key);
    const TomlNode* find(std::string_view key) const;
};

struct ParsedToml {
    TomlNode root;
    std::optional<SettingsProblem> problem;  // the first, where the text is no TOML
};
// Never fails otherwise, whatever the bytes; deeper than 32 levels is a problem.
ParsedToml parse_toml(std::string_view text);

// Lays a table over another: tables are joined, everything else is replaced. What was laid over says so.
void lay_over(TomlNode& base, const TomlNode& over);

// "password", "api_token": a key of which nobody wants the value to stand in a file.
bool is_name_of_a_secret(std::string_view key);

}  // namespace holdfast::operations

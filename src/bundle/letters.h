// Letters, words and quotes of settings, by their bytes: what is not ASCII is no letter.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace holdfast::bundle {

inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
inline bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }
inline char lowered(char c) { return is_capital(c) ? static_cast<char>(c - 'A' + 'a') : c; }

inline std::string in_small_letters(std::string_view text) {
    std::string small(text);
    std::ranges::transform(small, small.begin(), lowered);
    return small;
}

template <std::size_t count>
inline bool is_among(std::string_view word, const std::array<std::string_view, count>& all) {
    return std::ranges::find(all, word) != all.end();
}

inline bool belongs_to_key(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-' || c == '.'; }
// [credentials] of TOML and INI, not a list of JSON; without space around.
inline bool is_section(std::string_view line) { return line.starts_with('[') && line.ends_with(']') && line.find_first_of("{,:") == std::string_view::npos; }
inline bool is_quote(char c) { return c == '"' || c == '\'' || c == '`'; }

}  // namespace holdfast::bundle

// Names and texts as SQL has them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::rows {

// Names compare as SQLite compares them: without regard to the case of ASCII letters.
char in_small(char c);
std::string in_small_letters(std::string text);
bool is_same_name(std::string_view one, std::string_view other);
bool has_name(const std::vector<std::string>& names, std::string_view name);
struct NameOrder {
    using is_transparent = void;
    bool operator()(std::string_view one, std::string_view other) const;
};

// A text without NUL: 'it''s'.
std::string quoted_text(std::string_view text);

}  // namespace holdfast::rows

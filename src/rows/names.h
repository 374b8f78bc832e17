// Names and texts as SQL has them.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::rows {

// Names compare as SQLite compares them: without regard to the case of ASCII letters.
char in_small(char c);
std::string in_small_letters(std::string text);
bool is_same_name(std::string_view one, std::string_view other);
struct NameOrder {
    using is_transparent = void;
    bool operator()(std::string_view one, std::string_view other) const;
};

// A text without NUL: 'it''s'.
std::string quoted_text(std::string_view text);

}  // namespace holdfast::rows

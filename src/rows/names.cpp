#include "holdfast/rows/names.h"

#include <algorithm>

namespace holdfast::rows {

char in_small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string in_small_letters(std::string text) {
    std::ranges::transform(text, text.begin(), in_small);
    return text;
}

bool is_same_name(std::string_view one, std::string_view other) { return std::ranges::equal(one, other, {}, in_small, in_small); }

bool has_name(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::any_of(names, [&](const std::string& one) { return is_same_name(one, name); });
}

bool NameOrder::operator()(std::string_view one, std::string_view other) const { return std::ranges::lexicographical_compare(one, other, {}, in_small, in_small); }

std::string quoted_text(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        out += c;
        if (c == '\'') out += c;
    }
    return out + "'";
}

}  // namespace holdfast::rows

// Which verb a command line's words name: one word ("list"), or two ("retention simulate").
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace holdfast::cli {

// Names as in the table of verbs. A first word with a second behind it is a group ("retention"), and no verb by itself
// unless the table has it as one too.
using VerbNames = std::vector<std::string_view>;

struct VerbFound {
    std::size_t at = 0;     // in the names
    std::size_t words = 0;  // how many of the words it took: 1 or 2
};
// The verb whose name the words begin with; two words count before one. Words behind it are not looked at.
std::optional<VerbFound> find_verb(const VerbNames& names, std::span<const std::string> words);

struct NameParts {
    std::string_view first;
    std::string_view second;  // "" for a verb of one word
};
NameParts parts_of(std::string_view name);

// Each first word once, in the table's order: what can stand behind "holdfast".
VerbNames first_words(const VerbNames& names);
// The second words of a group, in the table's order; none: it is no group.
VerbNames second_words(const VerbNames& names, std::string_view group);

// What the words most likely meant, as it is typed ("retention simulate", or "retention" alone); "" when nothing is near.
std::string nearest_verb(const VerbNames& names, std::span<const std::string> words);

}  // namespace holdfast::cli

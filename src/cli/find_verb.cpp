#include "holdfast/cli/find_verb.h"

#include <algorithm>

#include "holdfast/base/nearest.h"
#include "holdfast/base/text.h"

namespace holdfast::cli {
namespace {

std::vector<std::string> owned(const VerbNames& names) { return {names.begin(), names.end()}; }

bool has(const VerbNames& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

// "simulate" for "retention simulate": who forgot the first word meant the only group that has it.
std::string only_group_with(const VerbNames& names, std::string_view second) {
    std::string found;
    for (const auto name : names) {
        if (parts_of(name).second != second) continue;
        if (!found.empty()) return "";
        found = name;
    }
    return found;
}

}  // namespace

NameParts parts_of(std::string_view name) {
    const auto space = name.find(' ');
    if (space == std::string_view::npos) return {.first = name, .second = {}};
    return {.first = name.substr(0, space), .second = name.substr(space + 1)};
}

std::optional<VerbFound> find_verb(const VerbNames& names, std::span<const std::string> words) {
    const auto find = [&](auto is_meant, std::size_t count) -> std::optional<VerbFound> {
        const auto at = std::ranges::find_if(names, is_meant);
        if (words.size() < count || at == names.end()) return std::nullopt;
        return VerbFound{.at = static_cast<std::size_t>(at - names.begin()), .words = count};
    };
    if (words.empty()) return std::nullopt;
    const auto is_pair = [&](std::string_view name) {
        const auto [first, second] = parts_of(name);
        return words.size() > 1 && !second.empty() && first == words[0] && second == words[1];
    };
    if (const auto pair = find(is_pair, 2)) return pair;
    return find([&](std::string_view name) { return parts_of(name).second.empty() && name == words[0]; }, 1);
}

VerbNames first_words(const VerbNames& names) {
    VerbNames words;
    for (const auto name : names) {
        if (!has(words, parts_of(name).first)) words.push_back(parts_of(name).first);
    }
    return words;
}

VerbNames second_words(const VerbNames& names, std::string_view group) {
    VerbNames words;
    for (const auto name : names) {
        const auto [first, second] = parts_of(name);
        if (first == group && !second.empty()) words.push_back(second);
    }
    return words;
}

std::string nearest_verb(const VerbNames& names, std::span<const std::string> words) {
    if (words.empty()) return "";
    const std::string first = has(first_words(names), words[0]) ? words[0] : nearest(words[0], owned(first_words(names)));
    if (first.empty()) return only_group_with(names, words[0]);
    const auto members = second_words(names, first);
    if (members.empty() || words.size() < 2) return first;
    const std::string second = nearest(words[1], owned(members));
    return second.empty() ? first : format("{} {}", first, second);
}

}  // namespace holdfast::cli

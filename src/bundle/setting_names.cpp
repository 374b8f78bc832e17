#include "holdfast/bundle/setting_names.h"

#include <charconv>

#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/value_end.h"

namespace holdfast::bundle {

namespace {

bool belongs_to_name(char c) { return belongs_to_key(c) || static_cast<unsigned char>(c) >= 0x80; }

std::string in_utf8(unsigned code) {
    const auto part = [&](unsigned shift) { return static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) return {static_cast<char>(0xC0 | (code >> 6)), part(0)};
    if (code < 0x10000) return {static_cast<char>(0xE0 | (code >> 12)), part(6), part(0)};
    return {static_cast<char>(0xF0 | (code >> 18 & 7)), part(12), part(6), part(0)};
}

// \u0061 of JSON and .properties, \x61 and \U00000061 of YAML; its size is 0: none is there.
struct Escape {
    std::string letter{};
    std::size_t size = 0;
};
Escape escape_at(std::string_view line, std::size_t at) {
    if (at + 1 >= line.size() || line[at] != '\\') return {};
    const std::size_t digits = line[at + 1] == 'u' ? 4 : line[at + 1] == 'x' ? 2 : line[at + 1] == 'U' ? 8 : 0;
    const auto hex = line.substr(at + 2, digits);
    unsigned code = 0;
    const auto read = std::from_chars(hex.data(), hex.data() + hex.size(), code, 16);
    if (digits == 0 || hex.size() < digits || read.ec != std::errc() || read.ptr != hex.data() + hex.size()) return {};
    return {.letter = in_utf8(code), .size = digits + 2};
}

Named named_at(std::string_view line, std::size_t start) {
    Named named{.name = {}, .start = start, .end = start};
    auto& end = named.end;
    while (end < line.size()) {
        const auto escape = escape_at(line, end);
        const auto letter = escape.size > 0 ? std::string_view(escape.letter) : line.substr(end, 1);
        if (!belongs_to_name(letter[0])) break;
        named.name += letter;
        end += std::max<std::size_t>(escape.size, 1);
    }
    named.is_quoted = start > 0 && end < line.size() && is_quote(line[start - 1]) && line[end] == line[start - 1];
    named.is_tag = start > 0 && line[start - 1] == '<';
    named.is_escaped = start > 0 && line[start - 1] == '\\';
    const auto before = without_end(line.substr(0, start - (named.is_quoted ? 1 : 0)));
    named.is_value_itself = !before.empty() && (before.back() == '=' || before.back() == ':');
    auto& at = named.value;
    at = end;
    if (named.is_tag && at < line.size() && line[at] == '>') {
        ++at;
        return named;
    }
    if (at < line.size() && line[at] == '\\') ++at;
    if (at < line.size() && is_quote(line[at])) ++at;
    for (bool was_sign = false; at < line.size(); ++at) {
        const char c = line[at];
        const bool is_sign = c == '=' || c == ':';
        const bool is_before_sign = !named.has_sign && std::string_view("]),+?").contains(c);
        if (!is_sign && !is_space(c) && !is_before_sign && !(c == '>' && was_sign)) break;
        named.has_sign = named.has_sign || is_sign;
        was_sign = is_sign;
    }
    return named;
}

}  // namespace

Named next_named(std::string_view line, std::size_t at) {
    while (at < line.size()) {
        const auto escape = escape_at(line, at);
        if (belongs_to_name(escape.size > 0 ? escape.letter[0] : line[at])) return named_at(line, at);
        at += std::max<std::size_t>(escape.size, 1);
    }
    return {.name = {}, .start = line.size(), .end = line.size(), .value = line.size()};
}

}  // namespace holdfast::bundle

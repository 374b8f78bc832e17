// Texts as sources that give them piece by piece, and values in words.
#pragma once

#include <algorithm>

#include "holdfast/base/sql_value.h"
#include "holdfast/base/text.h"
#include "holdfast/dump/sql_reader.h"

namespace holdfast::dump {

// In pieces of a size that shows what a piece's end can tear.
inline TextSource source_of(std::string text, std::size_t piece) {
    return [text = std::move(text), at = std::size_t{0}, piece](MutableByteView into) mutable -> Result<std::size_t> {
        const auto part = std::string_view(text).substr(at, std::min(piece, into.size()));
        std::ranges::copy(bytes_of(part), into.begin());
        at += part.size();
        return part.size();
    };
}

template <typename... Types>
std::string in_words(const std::variant<Types...>& value) {
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return format("{}", *integer);
    if (const auto* real = std::get_if<double>(&value)) return format("{}", *real);
    if (const auto* text = std::get_if<std::string>(&value)) return "'" + *text + "'";
    if (const auto* blob = std::get_if<Bytes>(&value)) return "x" + to_hex(*blob);
    return "NULL";
}

}  // namespace holdfast::dump

// Damage in the words of a database: which tables and indexes lie in a range of bytes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/sqlite/image.h"

namespace holdfast::history {

// A run of a database's bytes.
struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
};
// Owners of its pages, each once, in order of name; at most the first pages_asked_max pages are asked for. Nothing when
// the damage keeps them from being told.
constexpr std::uint32_t pages_asked_max = 4096;
std::vector<std::string> tables_in(const sqlite::Image& image, const ByteRange& range);

}  // namespace holdfast::history

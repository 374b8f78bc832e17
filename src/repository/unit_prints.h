// Fingerprints of a unit (page): of all of it, to see that it changed, and of its end, to find it where it moved to.
#pragma once

#include "holdfast/base/hash.h"

namespace holdfast::repository {

inline std::uint32_t unit_print(ByteView unit, std::uint64_t seed) {
    return static_cast<std::uint32_t>(short_fingerprint(unit, seed));
}

// Of the last quarter: what a VACUUM moves keeps its cells, which fill a page from its end, while page numbers at its
// beginning and its header change. An end of zeros would fit too many: then of all of it.
inline std::uint32_t tail_print(ByteView unit, std::uint64_t seed) {
    const ByteView tail = unit.last(unit.size() / 4);
    return unit_print(is_all_zero(tail) ? unit : tail, seed);
}

}  // namespace holdfast::repository

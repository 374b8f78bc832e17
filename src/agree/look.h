// Look: what a file that belongs with a database says of itself: how many vectors, of which dimension, by which ids.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"

namespace holdfast::agree {

struct Look {
    std::string type;                         // "IndexIDMap2(IndexFlatIP)", "npz", "npy <f4", "json"
    std::optional<std::uint64_t> count;       // vectors, or whatever it holds many of
    std::optional<std::uint64_t> dimension;   // of a vector
    std::string metric;                       // of an index; else empty
    std::optional<bool> trained;
    std::optional<std::vector<std::int64_t>> ids;  // in its order; none: it has no ids, or none was asked for
};

// Files from anywhere: each of these is a limit, and passing it `unavailable`: it could not be looked at.
struct LookBounds {
    std::uint64_t ids_max = std::uint64_t{1} << 26;
    std::uint64_t bytes_max = std::uint64_t{1} << 40;  // that come out of a compressed file
    std::uint64_t text_max = std::uint64_t{256} << 20; // of a JSON file
    std::function<bool()> is_over = {};                // the time has come to an end; none: it does not
    Watch watch = {};
    Result<void> go_on() const;                        // `cancelled`, or `unavailable` when it is over
};

// Of every look: `corrupt`, the file is not what it must be, and why; `cancelled`; any other code: it could not be looked
// at, and nothing is said of the file. No file is ever believed about a length before it is compared with what there is.

}  // namespace holdfast::agree

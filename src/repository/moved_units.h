// MovedUnits: where each page of the content before lay, so that pages which moved are found again after a VACUUM.
#pragma once

#include <cstdint>
#include <vector>

#include "holdfast/base/bytes.h"

namespace holdfast::repository {

// Positions count units from the start of the file. Immutable, thread-safe. 8 bytes a unit.
class MovedUnits {
public:
    // Tail prints (unit_prints.h) of all units of the content before, in order.
    explicit MovedUnits(const std::vector<std::uint32_t>& tails);

    // Units that may end like that (who asks compares them), nearest to `near` first, at most places_max.
    static constexpr std::size_t places_max = 4;
    std::vector<std::uint32_t> find(std::uint32_t tail, std::uint32_t near) const;

private:
    std::vector<std::uint64_t> sorted_;  // fingerprint in the high half, position in the low one
};

}  // namespace holdfast::repository

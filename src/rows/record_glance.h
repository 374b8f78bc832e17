// RecordGlance: whether two records of a row tell different rows, seen by their first bytes, without reading the rows. For this
// room only.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/rows/row_layout.h"

namespace holdfast::rows {

class RecordGlance {
public:
    // `common`: the fields that are compared. The layouts read records alike (RowLayout::is_read_like). Null: nothing is seen.
    RecordGlance(const RowLayout* before, const RowLayout* after, std::span<const std::pair<std::size_t, std::size_t>> common);
    // True: their keys are the same, and something else is not. False: nobody knows yet. What lies on overflow pages is not
    // looked at.
    bool is_surely_changed(ByteView before, ByteView after) const;

private:
    enum class Use : std::uint8_t { none, compared, key };
    std::vector<Use> uses_;  // of each place in the record
};

}  // namespace holdfast::rows

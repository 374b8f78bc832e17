// compare_images(): two images of a database compared, told as reports tell it.
#pragma once

#include "holdfast/host/clock.h"
#include "holdfast/operations/database_difference.h"
#include "holdfast/rows/compare.h"

namespace holdfast::operations {

struct RowsToTell {
    std::uint64_t most = 0;  // of each table; 0: they are only counted
    // first: in their order. last_removed: the last of those that are removed, and nothing else: where rows are numbered as
    // they come, the newest.
    enum class Which : std::uint8_t { first, last_removed } which = Which::first;
};
struct CompareOrder {
    std::vector<std::string> tables = {};
    rows::CompareRequest::Internal internal = rows::CompareRequest::Internal::hide;
    RowsToTell rows = {};
    std::function<bool()> is_over = {};  // as in rows::CompareRequest
};
// For is_over: so long from now on.
std::function<bool()> over_after(host::Clock& clock, std::int64_t time_ms);
// Errors: those of rows::compare().
Result<DatabaseDifference> compare_images(rows::DatabasePair& pair, const CompareOrder& order, const Watch& watch);

}  // namespace holdfast::operations

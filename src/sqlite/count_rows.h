// count_rows(): how many rows each table of an image has, for saying what a restore brings or takes away.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/host/clock.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::sqlite {

struct TableRows {
    std::string table;
    std::optional<std::uint64_t> rows;  // none: not counted
    std::string why_not;
};
struct CountLimits {
    host::Clock& clock;
    std::int64_t time_ms_max = 0;  // 0: as long as it takes
};
// Ordinary tables, by name: not SQLite's own, not virtual ones, not the shadow tables of those (as far as this library has
// their module). SQLite's COUNT(*), which reads the table's smallest index, or the table. A table that cannot be read, and
// those that are left when the time is over, are told as not counted. Errors: the schema cannot be read; `cancelled`: the
// watch is asked at every page.
Result<std::vector<TableRows>> count_rows(const Image& image, const CountLimits& limits, const Watch& watch = {});

}  // namespace holdfast::sqlite

// What a database holds and how much room each table takes, by SQLite's own count, from an image.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::live {

struct TableStatistics {
    std::string table;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;         // of its pages, its indexes included
    std::uint64_t unused_bytes = 0;  // in those pages
};
struct DatabaseStatistics {
    std::uint64_t page_size = 0, pages = 0, free_pages = 0;
    std::string encoding;
    std::string auto_vacuum;         // none, full, incremental
    std::int64_t user_version = 0, application_id = 0;
    std::uint64_t indexes = 0, views = 0, triggers = 0;
    std::vector<TableStatistics> tables;  // largest first; those of virtual tables are shown as the tables they are
};
// Reads every page. A table that cannot be counted is an Error.
Result<DatabaseStatistics> statistics_of(const sqlite::Image& image, const Watch& watch);

}  // namespace holdfast::live

#include "holdfast/live/statistics.h"

#include <algorithm>
#include <map>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/interruptible.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::live {
namespace {

constexpr std::string_view auto_vacuum_words[] = {"none", "full", "incremental"};

Result<std::uint64_t> counted(sqlite::Connection& connection, const std::string& sql) {
    return static_cast<std::uint64_t>(TRY(connection.integer(sql)));
}

Result<std::uint64_t> of_type(sqlite::Connection& connection, std::string_view type) {
    return counted(connection, format("SELECT count(*) FROM sqlite_schema WHERE type = '{}'", type));
}

// dbstat knows tables and indexes by their own names; the schema, whose index is whose.
Result<std::vector<TableStatistics>> sizes_by_table(sqlite::Connection& connection) {
    auto statement = TRY(connection.prepare(
        "SELECT coalesce(s.tbl_name, d.name), sum(d.pgsize), sum(d.unused) FROM dbstat('main', 1) d"
        " LEFT JOIN sqlite_schema s ON s.name = d.name GROUP BY 1 ORDER BY 2 DESC, 1"));
    std::vector<TableStatistics> tables;
    while (TRY(statement.step())) {
        tables.push_back({.table = statement.column_text(0),
                          .bytes = static_cast<std::uint64_t>(statement.column_integer(1)),
                          .unused_bytes = static_cast<std::uint64_t>(statement.column_integer(2))});
    }
    return tables;
}

}  // namespace

Result<DatabaseStatistics> statistics_of(const sqlite::Image& image, const Watch& watch) {
    DatabaseStatistics found;
    if (image.last_page().value == 0) return found;
    const auto served = TRY(sqlite::serve_image(image));
    auto connection = TRY(served->connect());
    const sqlite::Interruptible interruptible(connection, watch);
    found.page_size = image.page_size().bytes();
    found.pages = TRY(counted(connection, "PRAGMA page_count"));
    found.free_pages = TRY(counted(connection, "PRAGMA freelist_count"));
    found.encoding = TRY(connection.text("PRAGMA encoding"));
    found.auto_vacuum = auto_vacuum_words[std::min<std::uint64_t>(TRY(counted(connection, "PRAGMA auto_vacuum")), 2)];
    found.user_version = TRY(connection.integer("PRAGMA user_version"));
    found.application_id = TRY(connection.integer("PRAGMA application_id"));
    found.indexes = TRY(of_type(connection, "index"));
    found.views = TRY(of_type(connection, "view"));
    found.triggers = TRY(of_type(connection, "trigger"));
    found.tables = TRY(sizes_by_table(connection));
    for (auto& table : found.tables) {
        TRY(watch.go_on());
        table.rows = TRY(counted(connection, "SELECT count(*) FROM main." + sqlite::quoted_name(table.table)));
    }
    return found;
}

}  // namespace holdfast::live

#include "holdfast/sqlite/count_rows.h"

#include <atomic>

#include "holdfast/base/text.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::sqlite {
namespace {

// An image that can be read until it is time to stop. SQLite counts the rows of a table in one instruction, during which
// it asks no progress handler: but it has to read the pages.
class ImageUntil final : public Image {
public:
    ImageUntil(const Image& image, const CountLimits& limits, const Watch& watch)
        : image_(image), watch_(watch), stopwatch_(limits.clock), time_ms_max_(limits.time_ms_max) {}

    PageSize page_size() const override { return image_.page_size(); }
    PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(watch_.go_on());
        if (is_time_over()) return fail(ErrorCode::cancelled, "the time for it is over");
        return image_.read(range, into);
    }
    std::optional<RangeHash> known_hash(PageRange range) const override { return image_.known_hash(range); }

    bool is_time_over() const {
        if (time_ms_max_ > 0 && stopwatch_.ms() > static_cast<double>(time_ms_max_)) is_over_ = true;
        return is_over_;
    }

private:
    const Image& image_;
    const Watch& watch_;
    host::Stopwatch stopwatch_;
    std::int64_t time_ms_max_;
    mutable std::atomic<bool> is_over_ = false;  // once over, over for good: an error of the last read stays explained
};

// Virtual tables have no root page. What their modules keep in tables of their own is theirs.
constexpr const char* ordinary_tables =
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
    "AND name NOT IN (SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'shadow') ORDER BY name COLLATE BINARY";

Result<std::vector<TableRows>> tables_of(Connection& connection) {
    std::vector<TableRows> tables;
    auto statement = TRY(connection.prepare(ordinary_tables));
    while (TRY(statement.step())) tables.push_back({.table = statement.column_text(0), .rows = {}, .why_not = {}});
    return tables;
}

}  // namespace

Result<std::vector<TableRows>> count_rows(const Image& image, const CountLimits& limits, const Watch& watch) {
    if (image.last_page().value == 0) return std::vector<TableRows>();
    const ImageUntil until(image, limits, watch);
    const auto served = TRY(serve_image(until));
    auto connection = TRY(served->connect());
    auto tables = TRY(tables_of(connection));
    for (auto& table : tables) {
        TRY(watch.go_on());
        if (until.is_time_over()) {
            table.why_not = "the time for counting was over";
            continue;
        }
        const auto rows = connection.integer(format("SELECT count(*) FROM main.{}", quoted_name(table.table)));
        TRY(watch.go_on());
        if (rows) table.rows = static_cast<std::uint64_t>(*rows);
        else table.why_not = until.is_time_over() ? "the time for counting was over" : rows.error().message();
    }
    return tables;
}

}  // namespace holdfast::sqlite

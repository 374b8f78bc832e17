#include "holdfast/rows/stored_database.h"

#include "holdfast/base/text.h"
#include "holdfast/rows/compare_virtual.h"
#include "holdfast/rows/full_text.h"
#include "holdfast/rows/row_layout.h"
#include "holdfast/rows/rtree_rows.h"
#include "holdfast/rows/side.h"
#include "holdfast/sqlite/tree_versions.h"

namespace holdfast::rows {
namespace {

constexpr std::uint64_t rows_between_looks = 4096;

}  // namespace

struct StoredDatabase::Open {
    std::unique_ptr<Side> side;
};

StoredDatabase::StoredDatabase(std::unique_ptr<Open> open) : open_(std::move(open)) {}
StoredDatabase::StoredDatabase(StoredDatabase&&) noexcept = default;
StoredDatabase::~StoredDatabase() = default;

Result<StoredDatabase> StoredDatabase::open(const sqlite::Image& image) {
    auto open = std::make_unique<Open>();
    open->side = TRY(open_side(image));
    return StoredDatabase(std::move(open));
}

const Schema& StoredDatabase::schema() const { return open_->side->schema; }
sqlite::Connection& StoredDatabase::connection() { return *open_->side->connection; }
sqlite::TextEncoding StoredDatabase::encoding() const { return open_->side->encoding(); }

Result<std::optional<InsertedColumns>> StoredDatabase::columns_of(const Table& table) const {
    const Table* rows = where_rows_lie(table, schema());
    if (rows != nullptr || is_r_tree(table)) return std::optional(TRY(inserted_columns(table, rows)));
    const auto content = content_of(table);
    if (content && !content->empty()) return std::optional<InsertedColumns>();
    const std::string name = printable(table.name);
    if (content) return fail(ErrorCode::unavailable, "{} is a full-text index without content: its rows cannot be read out of it", name);
    return fail(ErrorCode::unavailable, "{} is a virtual table of the module {}, whose rows only the application can read", name, printable(table.module));
}

Result<void> StoredDatabase::for_each_row(const Table& table, const Visitor& visit, const Watch& watch) {
    Side& side = *open_->side;
    const Table* rows = where_rows_lie(table, side.schema);
    if (rows == nullptr) {
        auto of_tree = TRY(RtreeRows::of(side, &table));
        for (TRY(of_tree.next()); of_tree.row(); TRY(of_tree.next())) TRY(visit(*of_tree.row()));
        return {};
    }
    if (!side.trees) return {};
    const auto layout = TRY(RowLayout::of(*side.connection, "main", *rows));
    sqlite::TreeCursor cursor(*side.trees, TRY(side.trees->spots(rows->root)));
    Row row;
    for (std::uint64_t count = 0; TRY(cursor.next()); ++count) {
        if (count % rows_between_looks == 0) TRY(watch.go_on());
        if (cursor.is_of_table() != rows->has_rowid) return fail(ErrorCode::corrupt, "page {}: it is of another kind of b-tree than its table", cursor.page().value);
        auto read = layout.read_into(row, cursor.payload(), rows->has_rowid ? std::optional(cursor.cell().row_id) : std::nullopt);
        if (!read) return std::move(read).error().while_doing(format("page {}", cursor.page().value));
        TRY(visit(row));
    }
    return {};
}

}  // namespace holdfast::rows

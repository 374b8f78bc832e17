#include "holdfast/operations/kept_difference.h"

#include "holdfast/base/text.h"
#include "holdfast/operations/sql_rows.h"
#include "holdfast/rows/compare.h"

namespace holdfast::operations {

namespace {

using rows::ComparedTable;
using rows::Field;
using rows::Row;

Json json_of_field(const Field& field, sqlite::TextEncoding encoding) {
    if (const auto* large = std::get_if<rows::LargeValue>(&field)) return Json::object().set("size", large->size);
    return json_of(Cell{rows::to_sql_value({.field = field, .encoding = encoding})});
}

// One of the two sides of a compared table.
struct Side {
    const rows::Table* table;
    const std::vector<std::string>& columns;
    sqlite::TextEncoding encoding;
};

Json json_of_row(const Row* row, const Side& side) {
    if (row == nullptr) return {};
    auto json = Json::object();
    for (std::size_t i = 0; i < row->fields.size() && i < side.columns.size(); ++i) json.set(side.columns[i], json_of_field(row->fields[i], side.encoding));
    return json;
}

Json key_of(rows::Identity identity, const Row& row, const Side& side) {
    if (identity == rows::Identity::content) return {};
    auto key = Json::object();
    const bool has_key = side.table != nullptr && !side.table->key_columns().empty();
    if (has_key) {
        for (const auto& name : side.table->key_columns()) {
            for (std::size_t i = 0; i < row.fields.size() && i < side.columns.size(); ++i) {
                if (rows::is_same_name(side.columns[i], name)) key.set(name, json_of_field(row.fields[i], side.encoding));
            }
        }
    }
    if (identity == rows::Identity::row_id && !has_key && row.row_id) key.set("rowid", *row.row_id);
    return key;
}

class TakeRows final : public rows::ChangeSink {
public:
    explicit TakeRows(const std::function<Result<void>(const DifferentRow&)>& take) : take_(take) {}
    Result<void> row(const ComparedTable& table, const rows::RowChange& found) override {
        const Side before{.table = table.before, .columns = table.columns_before, .encoding = table.encoding_before};
        const Side after{.table = table.after, .columns = table.columns_after, .encoding = table.encoding_after};
        return take_({.change = std::string(rows::name_of(found.change)),
                      .key = found.before != nullptr ? key_of(table.identity, *found.before, before) : key_of(table.identity, *found.after, after),
                      .before = json_of_row(found.before, before),
                      .after = json_of_row(found.after, after)});
    }

private:
    const std::function<Result<void>(const DifferentRow&)>& take_;
};

}  // namespace

Result<void> compare_kept_table(const KeptPair& backups, const std::string& table, const std::function<Result<void>(const DifferentRow&)>& take) {
    TakeRows sink(take);
    rows::CompareRequest request;
    request.tables = {table};
    request.internal = rows::CompareRequest::Internal::show;
    request.sink = &sink;
    const auto found = TRY(rows::compare(backups.before.image(), backups.after.image(), request));
    for (const auto& one : found.tables) {
        if (!one.not_compared.empty()) return fail(ErrorCode::corrupt, "compare {} of #{} with that of #{}: {}", printable(one.name), backups.before.number(), backups.after.number(), one.not_compared);
    }
    return {};
}

}  // namespace holdfast::operations

#include "holdfast/rows/row_reader.h"

#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/rows/chosen_rows.h"

namespace holdfast::rows {
namespace {

// Of a blob SQLite reads the size without the bytes, and zeroblob() does not make any. Of a text it reads all.
std::string with_large_blobs_as_zeroes(const std::string& column) {
    return format("CASE WHEN typeof({0}) = 'blob' AND length({0}) > {1} THEN zeroblob(length({0})) ELSE {0} END", column, held_in_row_max);
}

// Asking each value costs a quarter of the time in which small rows are compared: not where blobs are not expected.
bool is_for_blobs(const Table& table, const RowColumn& column) {
    const Column* declared = table.find(column.name);
    constexpr std::array<std::string_view, 7> others = {"int", "char", "clob", "text", "real", "floa", "doub"};
    return declared != nullptr && std::ranges::none_of(others, [&](std::string_view word) { return mentions(declared->declared_type, word); });
}

}  // namespace

RowReader::RowReader(Origin& origin, const Table& table, std::vector<RowColumn> columns, TextForm form) : origin_(&origin), table_(&table), columns_(std::move(columns)), form_(form) {
    const auto* key = table.integer_key ? &table.columns[*table.integer_key].name : nullptr;
    const auto found = std::ranges::find_if(columns_, [&](const RowColumn& column) { return column.name.empty() || (key != nullptr && is_same_name(column.name, *key)); });
    if (found != columns_.end() && table.has_rowid) rowid_place_ = static_cast<std::size_t>(found - columns_.begin());
    HOLDFAST_ASSERT(rowid_place_ || !leaves_any_in_place());
}

bool RowReader::leaves_any_in_place() const { return std::ranges::any_of(columns_, &RowColumn::is_left_in_place); }

std::string RowReader::select_list(std::string_view table_alias) const {
    std::vector<std::string> parts;
    for (const auto& column : columns_) {
        std::string name = column.name.empty() ? row_name_of(*table_).front() : sqlite::quoted_name(column.name);
        if (!table_alias.empty()) name = format("{}.{}", table_alias, name);
        const std::string value = column.is_left_in_place && is_for_blobs(*table_, column) ? with_large_blobs_as_zeroes(name) : name;
        parts.push_back(form_ == TextForm::utf8 ? value : text_as_bytes(name, value));
    }
    return comma_separated(parts);
}

RowValues RowReader::read(const sqlite::Statement& statement) const {
    RowValues row;
    row.reserve(columns_.size());
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (is_in_place(statement, i)) row.emplace_back(ValueInPlace());
        else row.push_back(read_value(statement, i, form_));
    }
    const auto rowid = rowid_in(row);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        auto* large = std::get_if<ValueInPlace>(&row[i]);
        if (large == nullptr) continue;
        HOLDFAST_ASSERT(rowid.has_value());
        const auto at = static_cast<int>(form_ == TextForm::own_bytes ? 2 * i : i);
        *large = place_of(i, *rowid);
        large->size = statement.column_size(at);
        large->is_text = form_ == TextForm::own_bytes ? statement.column_integer(at + 1) != 0 : statement.column_type(at) == sqlite::Statement::ColumnType::text;
    }
    return row;
}

bool RowReader::is_in_place(const sqlite::Statement& statement, std::size_t column) const {
    if (!columns_[column].is_left_in_place) return false;
    const auto at = static_cast<int>(form_ == TextForm::own_bytes ? 2 * column : column);
    const auto type = statement.column_type(at);
    return (type == sqlite::Statement::ColumnType::text || type == sqlite::Statement::ColumnType::blob) && statement.column_size(at) > held_in_row_max;
}

std::optional<std::int64_t> RowReader::rowid_in(const RowValues& row) const {
    const auto* rowid = rowid_place_ ? std::get_if<std::int64_t>(&row[*rowid_place_]) : nullptr;
    return rowid ? std::optional(*rowid) : std::nullopt;
}

ValueInPlace RowReader::place_of(std::size_t column, std::int64_t rowid) const {
    return {.origin = origin_, .place = {.table = table_->name, .column = columns_[column].name, .rowid = rowid}};
}

}  // namespace holdfast::rows

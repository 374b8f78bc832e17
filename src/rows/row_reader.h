// RowReader: how the rows of a table are read by SQL, so that large values of some columns stay in their place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/rows/row_values.h"

namespace holdfast::rows {

struct RowColumn {
    std::string name;               // empty: the rowid that no column shows
    bool is_left_in_place = false;  // a large value of it
    bool is_filled_later = false;   // a large blob of it is written after its row, in pieces
};

// Origin and table must outlive it.
class RowReader {
public:
    // Where anything is left in place, the table must show its rowids among the columns.
    RowReader(Origin& origin, const Table& table, std::vector<RowColumn> columns, TextForm form);

    const std::vector<RowColumn>& columns() const { return columns_; }
    // For SELECT; of a table that goes by this name there.
    std::string select_list(std::string_view table_alias = "") const;
    // The row that a statement which begins with that list is at. SQLite holds on to a large text until it is reset.
    RowValues read(const sqlite::Statement& statement) const;
    // Nothing: the row shows none.
    std::optional<std::int64_t> rowid_in(const RowValues& row) const;
    bool leaves_any_in_place() const;
    bool shows_rowids() const { return rowid_place_.has_value() && table_->kind == TableKind::ordinary; }
    sqlite::Connection& connection() const { return origin_->connection; }
    const Table& table() const { return *table_; }
    ValueInPlace place_of(std::size_t column, std::int64_t rowid) const;

private:
    bool is_in_place(const sqlite::Statement& statement, std::size_t column) const;

    Origin* origin_;
    const Table* table_;
    std::vector<RowColumn> columns_;
    TextForm form_;
    std::optional<std::size_t> rowid_place_;
};

}  // namespace holdfast::rows

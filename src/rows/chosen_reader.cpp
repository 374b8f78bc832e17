#include "holdfast/rows/chosen_reader.h"

#include <algorithm>
#include <limits>

namespace holdfast::rows {

namespace {

bool is_large(const RowValue& value) {
    const auto* text = std::get_if<std::string>(&value);
    const auto* blob = std::get_if<Bytes>(&value);
    return std::holds_alternative<ValueInPlace>(value) || (text != nullptr && text->size() > held_in_row_max) || (blob != nullptr && blob->size() > held_in_row_max);
}

}  // namespace

Result<ChosenReader> ChosenReader::open(const ChosenRows& chosen, const ChosenTable& table, const RowReader& reader) {
    auto statement = TRY(chosen.connection().prepare(chosen.rows_sql(table, reader)));
    if (reader.shows_rowids()) TRY(statement.bind(1, std::numeric_limits<std::int64_t>::min()));
    return ChosenReader(std::move(statement), reader);
}

Result<std::optional<RowValues>> ChosenReader::next() {
    if (is_at_end_ || !TRY(statement_.step())) return std::optional<RowValues>();
    auto row = reader_->read(statement_);
    if (reader_->shows_rowids() && std::ranges::any_of(row, is_large)) TRY(begin_after(reader_->rowid_in(row).value()));
    return std::optional(std::move(row));
}

// SQLite would keep a text that it has read until the next row.
Result<void> ChosenReader::begin_after(std::int64_t rowid) {
    statement_.reset();
    is_at_end_ = rowid == std::numeric_limits<std::int64_t>::max();
    return is_at_end_ ? Result<void>() : statement_.bind(1, rowid + 1);
}

}  // namespace holdfast::rows

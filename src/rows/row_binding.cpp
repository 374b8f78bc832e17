#include "holdfast/rows/row_binding.h"

namespace holdfast::rows {

bool is_filled_later(const RowValue& value, const RowColumn& column) {
    const auto* large = std::get_if<ValueInPlace>(&value);
    return large != nullptr && !large->is_text && column.is_filled_later;
}

RowBinding::~RowBinding() {
    statement_.reset();
    statement_.clear_bindings();
}

Result<void> RowBinding::bind(std::span<const RowValue> row, std::span<const RowColumn> columns, TextForm form) {
    HOLDFAST_ASSERT(row.size() == columns.size());
    for (std::size_t i = 0; i < row.size(); ++i) {
        const auto& value = row[i];
        const bool is_own = form == TextForm::own_bytes;
        const int at = static_cast<int>(is_own ? 2 * i + 1 : i + 1);
        if (is_filled_later(value, columns[i])) {
            TRY(statement_.bind_zeroes(at, std::get<ValueInPlace>(value).size));
            if (is_own) TRY(statement_.bind(at + 1, std::int64_t{0}));
            continue;
        }
        const auto bytes = TRY(bytes_in(value));
        if (!bytes) {
            TRY(bind_row(statement_, i, {value}, form));
            continue;
        }
        if (is_own) TRY(statement_.bind(at + 1, std::int64_t{bytes->is_text ? 1 : 0}));
        if (bytes->is_text && !is_own) TRY(statement_.bind_uncopied(at, text_of(bytes->bytes)));
        else TRY(statement_.bind_uncopied(at, bytes->bytes));
    }
    return {};
}

// What is in its place is loaded, for as long as it is bound.
Result<std::optional<RowBinding::StoredBytes>> RowBinding::bytes_in(const RowValue& value) {
    if (const auto* text = std::get_if<std::string>(&value)) return std::optional(StoredBytes{.bytes = bytes_of(*text), .is_text = true});
    if (const auto* blob = std::get_if<Bytes>(&value)) return std::optional(StoredBytes{.bytes = *blob});
    const auto* large = std::get_if<ValueInPlace>(&value);
    if (large == nullptr) return std::optional<StoredBytes>();
    loaded_.push_back(TRY(whole_of(*large)));
    return std::optional(StoredBytes{.bytes = loaded_.back().view(), .is_text = large->is_text});
}

}  // namespace holdfast::rows

// RowBinding: a row bound to a statement for one run, so that SQLite makes no copy of its values but the stored one.
#pragma once

#include <span>
#include <vector>

#include "holdfast/rows/row_reader.h"

namespace holdfast::rows {

bool is_filled_later(const RowValue& value, const RowColumn& column);

// The statement must outlive it, and so must the values; in the end the statement is reset and bound to nothing.
class RowBinding {
public:
    explicit RowBinding(sqlite::Statement& statement) : statement_(statement) {}
    RowBinding(const RowBinding&) = delete;
    RowBinding& operator=(const RowBinding&) = delete;
    ~RowBinding();

    // To parameter(0), parameter(1), ... A large blob that is filled later is bound as so many zeroes.
    Result<void> bind(std::span<const RowValue> row, std::span<const RowColumn> columns, TextForm form);

private:
    struct StoredBytes {
        ByteView bytes;
        bool is_text = false;
    };
    Result<std::optional<StoredBytes>> bytes_in(const RowValue& value);

    sqlite::Statement& statement_;
    std::vector<Buffer> loaded_;
};

}  // namespace holdfast::rows

// RtreeRows: the rows of an R-Tree by their ids, as SQLite reads them: they lie in nodes of its own. For this room only.
#pragma once

#include <optional>

#include "holdfast/rows/side.h"
#include "holdfast/rows/row.h"

namespace holdfast::rows {

class RtreeRows {
public:
    // Of a null table there are none.
    static Result<RtreeRows> of(Side& side, const Table* table);
    Result<void> next();
    const Row* row() const { return row_ ? &*row_ : nullptr; }  // null: there is none, or no more

private:
    explicit RtreeRows(sqlite::TextEncoding encoding) : encoding_(encoding) {}
    sqlite::TextEncoding encoding_;
    std::optional<sqlite::Statement> statement_;
    std::optional<Row> row_;
};

}  // namespace holdfast::rows

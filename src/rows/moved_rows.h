// MovedRows: finds out that rows which only a rowid names have got other rowids, as VACUUM gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "holdfast/rows/table_writer.h"

namespace holdfast::rows {

// Of a table without a primary key. All is outlived.
class MovedRows {
public:
    explicit MovedRows(const TableWriter& writer);
    // Of a row that was inserted as its rowid was free: `exists` if the same content stood under another rowid, where the
    // backup has something else. Then that row is probably this one, and would be there twice.
    Result<void> expect_new(const RowValues& row);

private:
    Result<void> read_present();
    static Result<RowValues> row_at(const RowReader& reader, std::int64_t rowid);

    const TableWriter& writer_;
    bool is_needed_ = false;
    std::optional<std::unordered_multimap<std::uint64_t, std::int64_t>> present_;  // rowids by what the rows hold; before the first insert
};

}  // namespace holdfast::rows

// ChosenReader: the chosen rows of one table, one after another.
#pragma once

#include <optional>

#include "holdfast/rows/chosen_rows.h"

namespace holdfast::rows {

// Chosen rows and reader must outlive it. After a row with large values SQLite holds none of them, if the table has rowids.
class ChosenReader {
public:
    static Result<ChosenReader> open(const ChosenRows& chosen, const ChosenTable& table, const RowReader& reader);
    Result<std::optional<RowValues>> next();

private:
    ChosenReader(sqlite::Statement statement, const RowReader& reader) : statement_(std::move(statement)), reader_(&reader) {}
    Result<void> begin_after(std::int64_t rowid);

    sqlite::Statement statement_;
    const RowReader* reader_;
    bool is_at_end_ = false;
};

}  // namespace holdfast::rows

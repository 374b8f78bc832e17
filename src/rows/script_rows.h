// Rows that differ as DELETE, UPDATE and INSERT statements. For this room only.
#pragma once

#include "holdfast/rows/compare.h"
#include "holdfast/rows/inserted_columns.h"
#include "holdfast/rows/sql_literal.h"

namespace holdfast::rows {

// First the rows that must go: those removed, and those that are written anew because a unique key could stand in the way.
class RowsToDelete final : public ChangeSink {
public:
    RowsToDelete(TextWriter& out, std::uint64_t& statements) : out_(out), literals_(out), statements_(statements) {}
    Result<void> row(const ComparedTable& table, const RowChange& change) override;

private:
    TextWriter& out_;
    LiteralWriter literals_;
    std::uint64_t& statements_;
};

// Then those that come, and those that change in place.
class RowsToWrite final : public ChangeSink {
public:
    RowsToWrite(TextWriter& out, std::uint64_t& statements) : out_(out), literals_(out), statements_(statements) {}
    // `unavailable`: a virtual table keeps its rows in a way that tells nobody what to write into it.
    Result<void> begin(const ComparedTable& table) override;
    Result<void> row(const ComparedTable& table, const RowChange& change) override;

private:
    Result<void> insert(const ComparedTable& table, const Row& row);
    Result<void> update(const ComparedTable& table, const Row& before, const Row& after);

    TextWriter& out_;
    InsertedColumns columns_;  // of the table that is being written
    LiteralWriter literals_;
    std::uint64_t& statements_;
};

}  // namespace holdfast::rows

// StoredDatabase: all that one database says: its schema, and the rows of each table as they are stored.
#pragma once

#include <functional>
#include <memory>

#include "holdfast/base/progress.h"
#include "holdfast/rows/inserted_columns.h"
#include "holdfast/rows/row.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::rows {

// One thread at a time; the image must outlive it.
class StoredDatabase {
public:
    // `corrupt`: header or schema cannot be read.
    static Result<StoredDatabase> open(const sqlite::Image& image);
    StoredDatabase(StoredDatabase&&) noexcept;
    ~StoredDatabase();
    const Schema& schema() const;
    sqlite::Connection& connection();
    sqlite::TextEncoding encoding() const;

    // That the table has rows of its own, and by what columns they are inserted. Nothing: an index over another table, which
    // is filled from there. `unavailable`: they cannot be read out of it, or not be written.
    Result<std::optional<InsertedColumns>> columns_of(const Table& table) const;
    // The fields as columns_of() has the columns, in the order of rowids, without rowids in that of the primary key. A row is
    // there until its visitor returns, a LargeValue of it while this is. `corrupt`: nothing is left out.
    using Visitor = std::function<Result<void>(const Row&)>;
    Result<void> for_each_row(const Table& table, const Visitor& visit, const Watch& watch);

private:
    struct Open;
    explicit StoredDatabase(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};

}  // namespace holdfast::rows

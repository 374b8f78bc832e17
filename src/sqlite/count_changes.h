// ChangeCounter: how many rows of each table a connection inserts, updates and deletes, by SQLite's own count.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

struct TableChanges {
    std::string table;
    std::uint64_t inserted = 0, updated = 0, deleted = 0;
    bool operator==(const TableChanges&) const = default;
};

// While it lives it counts every change to rows of the main database's tables: by statements, by triggers, by foreign
// keys' actions, and by virtual tables to tables of their own; also of WITHOUT ROWID tables, and of a DELETE without a
// condition. A row that REPLACE pushes out counts as deleted. The schema's table is not counted; SQLite's other tables
// (sqlite_sequence) are, where a statement names them. What was rolled back is. Must be there before the statements are
// prepared. One at a time; the connection must outlive it.
class ChangeCounter {
public:
    explicit ChangeCounter(Connection& connection);
    ChangeCounter(const ChangeCounter&) = delete;
    ChangeCounter& operator=(const ChangeCounter&) = delete;
    ~ChangeCounter();
    std::vector<TableChanges> counted() const;  // by name; tables of which no row changed are left out

private:
    struct Open;
    std::unique_ptr<Open> open_;
};

}  // namespace holdfast::sqlite

// ReferenceGate: SQLite's own foreign_key_check, before the first row is written and after the last: none is newly broken.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "holdfast/rows/row_values.h"

namespace holdfast::rows {

// Whether looking up the rows that were written (References) can miss what they break: where a key has generated columns,
// or columns that compare otherwise in parent and child, or were declared otherwise in the backup, or that the backup has not.
bool may_be_missed(const Schema& then, const Schema& now, const Table& child);

// The check reads all of a table: it is made of small ones, and of those where something may be missed.
class ReferenceGate {
public:
    using Names = std::set<std::string, NameOrder>;
    // All is outlived. The unreadable tables are not looked at.
    ReferenceGate(sqlite::Connection& destination, const Schema& then, TextForm form, Names& unreadable) : connection_(destination), then_(then), form_(form), unreadable_(unreadable) {}

    // Before anything is written into the table, or it is made: of it, and of those that refer to it. `corrupt`: one of them
    // cannot be read. It is among the unreadable ones from now on; SQLite writes nothing more in this transaction.
    Result<void> look_before(const Schema& now, const std::string& table);
    // When rows and indexes are there. `invalid`: a reference is broken that was not; row and parent are named. What SQLite
    // cannot check is a note, unless it could before.
    Result<void> expect_none_new(const Schema& now, std::vector<std::string>& notes);

private:
    struct Broken {
        std::uint64_t mark = 0;
        RowValues row, parent;  // their names
        const ForeignKey* key = nullptr;
    };
    using Each = std::function<Result<void>(const Broken&)>;
    struct Before {
        std::vector<std::uint64_t> marks;  // sorted
        std::optional<std::string> why_not;  // it cannot be checked
    };
    Result<void> look(const Schema& now, const std::string& child);
    Result<void> for_each_broken(const Schema& now, const Table& child, const Each& each);
    Result<std::uint64_t> list(const Schema& now, const Table& child, std::size_t key, const Each& each);
    Result<bool> is_small(const Table& child);
    Error unreadable(const std::string& child, Error error);

    sqlite::Connection& connection_;
    const Schema& then_;
    TextForm form_;
    Names& unreadable_;
    std::map<std::string, std::optional<Before>> before_;  // by table; none: References alone knows
};

}  // namespace holdfast::rows

// ChosenRows: which rows of a backup are meant: the ones that a person names, and those that depend on them.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/rows/row_reader.h"

namespace holdfast::rows {

struct RowsWanted {
    std::vector<std::string> tables;  // at least one
    std::string where;                // an SQL expression on the rows of the one table; empty: every row
    // Rows of the one table by their key: the value as text, or a JSON array of the key's columns. A text that a number
    // is written as also means the number, where the column can hold both.
    std::vector<std::string> keys;
    bool with_related = false;        // also the rows that refer to those, and to these, over all levels
};

struct ChosenTable {
    const Table* table = nullptr;
    bool is_named = false;            // one of RowsWanted::tables; else it has related rows
    bool is_index = false;            // a full-text index over another table: nothing of it is chosen but itself
    std::string list;                 // the temporary table with the chosen rows' names; empty: all rows are chosen
    std::int64_t levels = 0;          // how far related rows of it have been followed
};

// What a row is named by inside one state of a database, as SQL: its rowid, or the columns of its key. Empty: it cannot be.
std::vector<std::string> row_name_of(const Table& table);

// Lists of chosen rows, in temporary tables (in memory) of a connection on which the backup's image is main; one at a time.
// Connection and schema must outlive it.
class ChosenRows {
public:
    // `invalid`: what is asked for is no table with rows of its own, or `where` is no expression on its rows.
    // `not_found`: no such table, column, or a key that no row has; the nearest names are told.
    static Result<ChosenRows> choose(sqlite::Connection& backup, const Schema& schema, const RowsWanted& wanted, const Watch& watch);

    sqlite::Connection& connection() const { return *connection_; }
    const Schema& schema() const { return *schema_; }
    const std::deque<ChosenTable>& tables() const { return tables_; }  // those that were named first, then by their distance
    // The chosen rows of a table, as the reader of it reads them, in the order of their names. Where it shows rowids only
    // those from ?1 on.
    std::string rows_sql(const ChosenTable& chosen, const RowReader& reader) const;
    // One of them, by its key or else its rowid: parameters from the first on.
    std::string row_sql(const ChosenTable& chosen, const RowReader& reader, TextForm form) const;
    Result<std::uint64_t> count(const ChosenTable& chosen) const;

private:
    ChosenRows(sqlite::Connection& connection, const Schema& schema) : connection_(&connection), schema_(&schema) {}
    Result<void> choose_named(const RowsWanted& wanted);
    Result<void> choose_where(ChosenTable& chosen, const std::string& where);
    Result<void> choose_key(ChosenTable& chosen, const std::string& key);
    Result<void> follow_children(const Watch& watch);
    Result<bool> follow(const Table& child, const ForeignKey& reference, std::int64_t level);
    Result<ChosenTable*> listed(const Table& table);
    ChosenTable* find(const Table& table);
    Result<std::int64_t> add(ChosenTable& chosen, const std::string& select, std::int64_t level);

    sqlite::Connection* connection_;
    const Schema* schema_;
    std::deque<ChosenTable> tables_;
};

}  // namespace holdfast::rows

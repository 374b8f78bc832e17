// Schema: what a database holds, as SQLite itself tells it: tables with their columns, keys and references, and all other objects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/rows/names.h"
#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/page.h"

namespace holdfast::rows {

enum class Generated : std::uint8_t { no, when_read, stored };

struct Column {
    std::string name;
    std::string declared_type;
    std::string collation;                    // BINARY, NOCASE, ...
    bool is_not_null = false;
    std::optional<std::string> default_sql;   // as written; nullopt: none
    std::uint32_t key_position = 0;           // in the primary key, from 1; 0: no part of it
    Generated generated = Generated::no;
    bool is_hidden = false;                   // of a virtual table: not part of SELECT *
    bool operator==(const Column&) const = default;
};

struct ForeignKey {
    std::vector<std::string> columns;         // of the table that has it
    std::string parent;                       // as written; there may be no such table
    std::vector<std::string> parent_columns;  // as many; where none are written, the parent's primary key. Empty: there is none
    std::string on_delete, on_update;         // "NO ACTION", "CASCADE", "SET NULL", ...
    bool operator==(const ForeignKey&) const = default;
};

// A unique index or constraint other than the rowid itself.
struct UniqueKey {
    std::string index;                        // its name
    std::vector<std::string> columns;         // empty: of expressions, or partial
    bool is_primary_key = false, is_partial = false;
};

enum class TableKind : std::uint8_t {
    ordinary,
    virtual_table,
    shadow,     // where a virtual table keeps what it holds
    internal,   // SQLite's own: sqlite_sequence, sqlite_stat1; sqlite_schema is not among the tables
};

struct Table {
    std::string name;
    TableKind kind = TableKind::ordinary;
    std::string sql;                          // as in sqlite_schema
    sqlite::PageNumber root;                  // none: a virtual table
    bool has_rowid = true;                    // false: WITHOUT ROWID
    bool is_strict = false;
    bool is_autoincrement = false;
    std::string module, module_arguments;     // of a virtual table; the module in small letters
    std::string owner;                        // of a shadow table: the virtual table; empty: SQLite's library lacks its module
    std::vector<Column> columns;              // in their order
    std::vector<ForeignKey> references;       // in their order
    std::vector<UniqueKey> unique;
    std::optional<std::size_t> integer_key;   // the column that is the rowid (INTEGER PRIMARY KEY)
    std::string rowid_name;                   // rowid, _rowid_ or oid, whichever no column is called; empty: no rowid, or all are taken

    const Column* find(std::string_view column) const;
    std::vector<std::string> key_columns() const;     // of the primary key, in its order; empty: none is declared
    std::vector<std::string> written_columns() const; // those that INSERT can name: neither generated nor hidden
};

// Anything in sqlite_schema: type is table, index, view or trigger; table is what it belongs to.
struct SchemaObject {
    std::string type, name, table, sql;       // sql is empty for indexes that constraints make
    bool operator==(const SchemaObject&) const = default;
};

struct Index {
    std::string name, table;
    sqlite::PageNumber root;
};

struct Schema {
    std::vector<Table> tables;                // in the order of sqlite_schema
    std::vector<Index> indexes;               // likewise
    std::vector<SchemaObject> objects;        // likewise
    const Table* find(std::string_view table) const;
};

// `database` is the name of an attached one, or main. A table whose module or collation this library lacks, and a virtual
// one that its module cannot open, is told with what sqlite_schema has of it; its columns are then empty. Errors: corrupt, unavailable, cancelled by an Interruptible.
Result<Schema> read_schema(sqlite::Connection& connection, const std::string& database = "main");

}  // namespace holdfast::rows

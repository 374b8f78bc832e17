// compare(): what differs between two databases: schema, properties, and rows, to the byte. Its cost follows the change.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/rows/row.h"
#include "holdfast/rows/schema.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::host {
class WorkerPool;
}

namespace holdfast::rows {

enum class Change : std::uint8_t {
    added, removed, changed,
    moved,  // of rows alone: the same values under another rowid
};

std::string_view name_of(Change change);  // "added", ...

struct SchemaChange {
    Change change{};
    std::string type, name, table;            // as in sqlite_schema
    std::string before, after;                // the SQL; empty: it is not there
};
struct PropertyChange {
    std::string name;                         // user_version, application_id, encoding, page_size, auto_vacuum
    std::string before, after;
};

// By what a row of one database is found in the other.
enum class Identity : std::uint8_t {
    row_id,       // INTEGER PRIMARY KEY, or a table without a declared key
    primary_key,  // a row without a value in one of its columns is found by its rowid too
    content,      // nothing else: equal rows are counted
};

// A table as both databases have it. What a virtual table keeps in a table of its own is compared there and told as the
// virtual table's.
struct ComparedTable {
    std::string name;
    const Table* before = nullptr;            // null: it is not there
    const Table* after = nullptr;
    const Table* rows_before = nullptr;       // where its rows lie: itself, or the table that a virtual one keeps them in
    const Table* rows_after = nullptr;
    std::vector<std::string> columns_before, columns_after;  // names of the rows' fields
    Identity identity = Identity::row_id;
    sqlite::TextEncoding encoding_before = sqlite::TextEncoding::utf8, encoding_after = sqlite::TextEncoding::utf8;
};
// Rows are there while the sink looks at them.
struct RowChange {
    Change change{};
    const Row* before = nullptr;              // null: added
    const Row* after = nullptr;               // null: removed
};
// Takes what is found, a table at a time. An Error of its own ends the comparison.
class ChangeSink {
public:
    virtual ~ChangeSink() = default;
    virtual Result<void> begin(const ComparedTable&) { return {}; }
    virtual Result<void> row(const ComparedTable&, const RowChange&) = 0;
};

struct TableDifference {
    std::string name;
    std::string kind;                          // "table", "virtual table", "shadow table", "internal table"
    std::uint64_t added = 0, removed = 0, changed = 0;
    std::uint64_t moved = 0;                   // the same row under another rowid
    std::string identity;                      // "rowid", "primary key", "content"
    std::vector<std::string> columns_added, columns_removed;  // rows are compared by the others
    std::string note;                          // what else should be known
    std::string not_compared;                  // why its rows were not; the numbers mean nothing then
    void count(Change change);
    void take_counts(const TableDifference& other);
    bool is_different() const { return added + removed + changed + moved > 0 || !not_compared.empty(); }
};
struct Comparison {
    std::vector<SchemaChange> schema;          // by type and name
    std::vector<PropertyChange> properties;
    std::vector<TableDifference> tables;       // by name; those that do not differ are left out, unless they were named
    bool is_equal() const { return schema.empty() && properties.empty() && tables.empty(); }
};

struct CompareRequest {
    std::vector<std::string> tables = {};      // empty: all
    enum class Internal : std::uint8_t { hide, show } internal = Internal::hide;  // shadow tables and SQLite's own
    // as_if_new: what is before is taken for empty, and every row is added. with_added_columns: the tables before are as those
    // after but for columns added at their end (ALTER TABLE ADD COLUMN), which have their defaults.
    enum class Before : std::uint8_t { as_it_is, as_if_new, with_added_columns } before = Before::as_it_is;
    ChangeSink* sink = nullptr;                // null: rows are counted only
    Watch watch = {};
    // Asked now and then: when it says so, the table that is being compared, and those behind it, are told as not compared.
    std::function<bool()> is_over = {};
};

// Two databases, opened to be compared as often as somebody likes. One thread at a time; the images must outlive it.
class DatabasePair {
public:
    // `corrupt`: a header or a schema cannot be read. Pages are compared in the pool's threads, when there is one.
    static Result<DatabasePair> open(const sqlite::Image& before, const sqlite::Image& after, host::WorkerPool* pool = nullptr);
    DatabasePair(DatabasePair&&) noexcept;
    ~DatabasePair();
    const Schema& schema_before() const;
    const Schema& schema_after() const;
    sqlite::Connection& connection_before();
    sqlite::Connection& connection_after();
    // Rows come in the order of their identity; with a primary key that is not the rowid, changed ones first. Of tables that
    // only one database has every row is added, or removed. Errors: `invalid`: a table that is named is in neither; those of
    // the sink. A table that cannot be read is told as not compared.
    Result<Comparison> compare(const CompareRequest& request);

    struct Open;

private:
    explicit DatabasePair(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
};
// The same, once.
Result<Comparison> compare(const sqlite::Image& before, const sqlite::Image& after, const CompareRequest& request);

}  // namespace holdfast::rows

// Connection and Statement: owners of SQLite handles, errors as values.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/base/progress.h"
#include "holdfast/base/sql_value.h"
#include "holdfast/sqlite/stored_record.h"

struct sqlite3;

namespace holdfast::sqlite {

enum class OpenMode { read_only, read_write, create };

struct ConnectionOptions {
    OpenMode mode = OpenMode::read_only;
    std::string vfs = {};               // empty: SQLite's default
    bool immutable = false;             // only for files nobody can change
    bool keep_wal = false;              // closing as the last connection leaves the WAL as it is: no checkpoint
    bool trust_schema = false;          // its triggers and views may use virtual tables, as in the application
    bool may_write_shadow_tables = false;  // those in which virtual tables keep what they hold: of a new file of ours
    std::int64_t busy_timeout_ms = 5000;
    std::string called = {};            // in messages, instead of the path
};

class Statement;
struct FirstStatement;

// One thread at a time. Extension loading is off; defensive and trusted_schema=off are set, so that a hostile schema
// cannot do more than answer wrongly.
class Connection {
public:
    // `path` is taken as a path whatever it holds ("file:", "?", "%"); ":memory:" is a database in memory.
    static Result<Connection> open(const std::string& path, ConnectionOptions options = {});
    Connection(Connection&&) noexcept;
    Connection& operator=(Connection&&) noexcept;
    ~Connection();

    Result<void> execute(const std::string& sql);                // all statements of the text, rows ignored
    Result<Statement> prepare(const std::string& sql);           // exactly one statement
    // The first statement of the text from `start` on, which may have others behind it.
    Result<FirstStatement> prepare_first(const std::string& sql, std::size_t start);
    Result<std::int64_t> integer(const std::string& sql);        // first column of the first row
    Result<std::string> text(const std::string& sql);
    // What SQLite tells of a column (sqlite3_table_column_metadata). not_found: there is no such column.
    struct ColumnName {
        std::string database, table, column;
    };
    struct ColumnFacts {
        std::string collation;
        bool is_autoincrement = false;
    };
    Result<ColumnFacts> column_facts(const ColumnName& name);
    void checkpoint_when_closed();                               // undoes keep_wal
    bool is_in_transaction() const;
    sqlite3* handle() const;  // for the files of this room only

private:
    struct Open;
    explicit Connection(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
    friend class Statement;
};

class Statement {
public:
    Statement(Statement&&) noexcept;
    Statement& operator=(Statement&&) noexcept;
    ~Statement();
    Result<void> bind(int index, std::int64_t value);      // from 1
    Result<void> bind(int index, std::string_view value);  // text
    Result<void> bind(int index, ByteView value);          // a blob
    Result<void> bind_value(int index, const SqlValue& value);// whatever it is
    // Not copied: the bytes must be there until the parameter is bound anew or cleared.
    Result<void> bind_uncopied(int index, std::string_view value);
    Result<void> bind_uncopied(int index, ByteView value);
    Result<void> bind_zeroes(int index, std::uint64_t size);  // a blob, which SQLite need not hold
    Result<bool> step();                                   // true: a row is there
    void reset();
    void clear_bindings();
    int parameter_count() const;
    std::string parameter_name(int index) const;           // from 1; ":id", "?2"; empty: it has none
    // SQLite's own word on it: running it changes no database directly. Of an EXPLAIN: what it explains would not.
    bool is_read_only() const;
    bool is_explain() const;
    std::string sql() const;

    enum class ColumnType { null, integer, real, text, blob };
    int column_count() const;
    std::string column_name(int index) const;              // from 0
    std::string column_declared_type(int index) const;     // of the table column that it is; empty: none
    ColumnType column_type(int index) const;
    double column_real(int index) const;
    bool column_is_null(int index) const;  // from 0
    std::int64_t column_integer(int index) const;
    std::string column_text(int index) const;
    Bytes column_bytes(int index) const;
    SqlValue column_value(int index) const;
    // Text as a database of this encoding stores it, byte for byte.
    std::string column_text_as_stored(int index, TextEncoding encoding) const;
    // Of a blob, or of text as UTF-8. Of zeroblob() without it being made.
    std::uint64_t column_size(int index) const;
    // A blob's or text's bytes without a copy, text as UTF-8: until the next step, reset or look at this column.
    ByteView column_view(int index) const;

private:
    struct Open;
    explicit Statement(std::unique_ptr<Open> open);
    std::unique_ptr<Open> open_;
    friend class Connection;
};

// What prepare_first() found. No statement: nothing but space and comments is left.
struct FirstStatement {
    std::optional<Statement> statement;
    std::size_t end = 0;  // where the text goes on behind it
};

// A name as SQL has it, whatever is in it: "odd ""name""".
std::string quoted_name(std::string_view name);

// SQLite's own judgement. `could_not` names what is missing (a collation, a function, a module). Errors are those of
// the place the pages come from (unavailable, busy), and cancelled: the watch is asked between SQLite's steps.
struct CheckOutcome {
    enum class Verdict { ok, damaged, could_not } verdict = Verdict::ok;
    std::vector<std::string> findings;  // at most 20 lines; empty when ok
};
enum class CheckDepth { quick, full };
Result<CheckOutcome> check_integrity(Connection& connection, CheckDepth depth, const Watch& watch = {});

// A file's name for SQL that takes one (ATTACH, VACUUM INTO) on a connection with a VFS of its own: on the default one.
std::string uri_on_default_vfs(const std::string& path);

// SHA-256, in hex, of the schema: type, name, table and SQL of every object, ordered. To see that it changed.
Result<std::string> schema_hash(Connection& connection);

}  // namespace holdfast::sqlite

// The statements of a script, told apart by SQLite itself: which read, which write, and which are not for a transaction.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/live/pragmas.h"
#include "holdfast/sqlite/actions.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

enum class StatementKind {
    reads,          // SELECT, EXPLAIN, a PRAGMA that asks
    temporary,      // writes to temporary tables only: nothing of the database changes
    sets,           // a PRAGMA for this connection
    writes_rows,    // also what only moves pages: incremental_vacuum, REINDEX
    writes_schema,
    stands_alone,   // writes, but not in a transaction: VACUUM, PRAGMA journal_mode = …, wal_checkpoint
    is_refused,
};
std::string_view name_of(StatementKind kind);
bool writes(StatementKind kind);  // the database; a backup comes first

// Where a statement stands in its script.
struct StatementPlace {
    std::uint64_t number = 0, line = 0;  // from 1
    std::string start;                   // its first words, printable
};
// "statement 2 (line 3: DELETE FROM t)"
std::string in_words(const StatementPlace& place);

// SQLite's own word, read-only or not, goes first; of a statement that writes, its actions tell what, and in which
// database. (An R-Tree that is only read shows actions that write.)
struct JudgedStatement {
    sqlite::Statement statement;
    StatementPlace place;
    StatementKind kind = StatementKind::reads;
    bool asks_journal_mode = false;
    bool sets_foreign_keys = false;
    bool alters = false;                 // a table of the main database
    Refusal refusal;                     // of is_refused
    std::vector<std::string> dropped;    // tables of the main database
};

// Reads a script statement by statement. Each is prepared on the connection as it is then: what earlier ones have
// created is known once they have run. A PRAGMA that we refuse has no effect, although SQLite runs some while it reads
// them. One on a connection; the connection must outlive it and its statements.
class ScriptReader {
public:
    // `invalid`: a NUL inside, at which SQLite would stop reading.
    static Result<ScriptReader> begin(sqlite::Connection& connection, std::string sql);
    // None: the end. What SQLite cannot prepare is an Error that names the statement.
    Result<std::optional<JudgedStatement>> next();
    StatementPlace place() const { return place_; }  // of the last one

    struct Position {
        std::size_t at = 0;
        StatementPlace place;
    };
    bool is_at_end() const;                            // no other statement comes; no need to ask next() for it
    Position position() const { return {at_, place_}; }
    void go_back(Position position);  // to look ahead

private:
    ScriptReader(sqlite::Connection& connection, std::string sql);
    Result<JudgedStatement> judge(sqlite::Statement statement);
    bool enter_next();

    sqlite::Connection* connection_;
    std::unique_ptr<sqlite::ActionRecorder> recorder_;
    std::unique_ptr<std::optional<Refusal>> refused_pragma_;  // by the recorder's question
    std::string sql_;
    std::size_t at_ = 0;
    StatementPlace place_;
};

// --- parameters ---

// Bound as text; a column's affinity, or a CAST, makes it what it is to be.
struct Parameter {
    std::string name;  // without : @ $ ?
    std::string value;
};
// `invalid`: a parameter without a name or value. Adds the names that were used to `used`.
Result<void> bind_parameters(JudgedStatement& judged, const std::vector<Parameter>& parameters, std::vector<std::string>& used);
// `invalid`: one that no statement has.
Result<void> expect_all_used(const std::vector<Parameter>& parameters, const std::vector<std::string>& used);

// What a script is going to do, by looking only: on a connection to a frozen image.
struct ScriptPlan {
    std::vector<StatementPlace> statements;  // as far as they could be prepared
    bool writes = false;                     // some statement does, or may: a later one needs what an earlier one makes
};
// Errors: a statement that cannot be prepared although nothing before it changes the schema; one that is refused.
Result<ScriptPlan> plan_script(sqlite::Connection& on_image, const std::string& sql, const std::vector<Parameter>& parameters);

Error refused(const JudgedStatement& judged);

}  // namespace holdfast::live

// Running a script of SQL: on a frozen image when it only reads, else in one transaction on the live database.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"
#include "holdfast/live/freeze.h"
#include "holdfast/live/live_writer.h"
#include "holdfast/live/script_changes.h"
#include "holdfast/live/statements.h"
#include "holdfast/sqlite/count_changes.h"
#include "holdfast/sqlite/serve_image.h"

namespace holdfast::live {

struct Script {
    std::string sql;
    std::vector<Parameter> parameters;
    std::uint64_t rows_max = 1000;  // kept of each statement's rows; all are counted
    bool is_dry = false;            // roll back at the end
};

struct RanStatement {
    StatementPlace place;
    StatementKind kind = StatementKind::reads;
    std::vector<std::string> columns;      // empty: it gives no rows
    std::vector<std::vector<SqlValue>> rows;
    std::uint64_t row_count = 0;
    bool is_after_commit = false;          // it ran by itself, behind the transaction
    bool is_untried = false;               // in a dry run: it cannot be taken back
};
struct ScriptReport {
    std::vector<RanStatement> statements;
    std::vector<sqlite::TableChanges> changes;
    std::vector<std::string> shadow_tables;  // of those changed: where virtual tables keep what they hold
    std::vector<SchemaChange> schema;
    std::vector<PropertyChange> properties;
    double writers_blocked_ms = 0;
};

// On a connection to a frozen image. None, and no error: a statement that SQLite takes for a read wants to write (FTS3's
// optimize() does), so the script must be run by write_script().
Result<std::optional<ScriptReport>> read_script(sqlite::Connection& on_image, const Script& script, ReadAs way, const Watch& watch);

// All statements in one transaction, in their order; the backup of writer's order is made before the first of them. PRAGMAs
// that set something and stand first are run before it. What SQLite refuses inside a transaction runs by itself after the
// commit, and must not have a statement behind it that writes: that could fail, and it could not be taken back.
// After an Error nothing is changed, unless `progress.is_committed`: then what stands in the transaction is, and the
// statement named is the one that failed behind it.
struct ScriptProgress {
    bool is_committed = false;
};
Result<ScriptReport> write_script(LiveWriter& writer, const Script& script, ScriptProgress& progress, const Watch& watch);

// --- other databases, to be read beside it ---

struct Attachment {
    std::string name, path;  // the path is canonical
};
// Frozen images of other databases, under their names on any connection; writing to them is refused. They are held (a
// rollback-mode database keeps its writers waiting) until this is destroyed.
class Attachments {
public:
    // `invalid`: a name is taken, or a path is that of `main` or of another one.
    static Result<Attachments> freeze(host::Host host, const std::string& main, const std::vector<Attachment>& wanted,
                                      const FreezeOptions& options);
    Result<void> attach_to(sqlite::Connection& connection) const;
    Result<void> finish();  // `busy`: what was read of one did not belong to one moment

private:
    struct One {
        std::string name;
        std::unique_ptr<Frozen> frozen;
        std::unique_ptr<sqlite::ServedImage> served;
    };
    std::vector<One> all_;
};

// To run a script that reads: the schema is trusted as the application trusts it.
Result<sqlite::Connection> connect_to_read(sqlite::ServedImage& served, const Attachments& beside);

}  // namespace holdfast::live

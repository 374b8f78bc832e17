// write_script(): SQL that turns one database into the other.
#pragma once

#include <string>
#include <vector>

#include "holdfast/rows/compare.h"
#include "holdfast/rows/sql_literal.h"

namespace holdfast::rows {

struct ScriptRequest {
    std::vector<std::string> tables = {};  // their rows, and their own schema; empty: everything
    enum class Transaction : std::uint8_t { own, of_caller } transaction = Transaction::own;  // of_caller: no BEGIN and COMMIT
    Watch watch = {};
};
struct ScriptReport {
    std::uint64_t statements = 0;          // 0: nothing differs, and nothing was written
    std::vector<std::string> warnings;     // what SQL cannot bring about
};
// Run on a database that is as `before`, it makes one that is as `after`: the same schema, rows (with their rowids, types
// and bytes), AUTOINCREMENT counters, user_version and application_id. Foreign keys, checks and triggers do not act meanwhile;
// rows are changed in place where no unique key can stand in the way, else deleted and written anew; tables that were
// declared anew in any way but by added columns are made and filled anew. Full-text indexes over other tables are rebuilt.
//
// `invalid`: the encodings differ, or a value is too large for SQL; `corrupt`, `unavailable`: a table cannot be compared.
// What was written to the sink until then is no script.
Result<ScriptReport> write_script(DatabasePair& pair, const ScriptRequest& request, const TextSink& sink);

}  // namespace holdfast::rows

// The SQL format of a dump (docs/formats/dump.md): a row a line, loaded by SQLite's own shell, and sealed by a hash at its end.
#pragma once

#include <functional>

#include "holdfast/base/progress.h"
#include "holdfast/dump/dump.h"
#include "holdfast/dump/dump_plan.h"

namespace holdfast::dump {

// Where the text goes.
class DumpSink {
public:
    virtual ~DumpSink() = default;
    // The header comes in the first piece, the last line alone.
    virtual Result<void> write(std::string_view piece) = 0;
    virtual Result<Hash> hash() = 0;  // SHA-256 of all that was written; once, before the last line
};

struct SqlDumpRequest {
    Origin origin = {};
    TablesWanted wanted = {};
    Watch watch = {};
    // Asked before the last line is written, with what was written: without that line it is no dump.
    std::function<Result<void>(const DumpReport&)> confirm = {};
};
// The same content and origin give the same bytes. Memory does not grow with the database, but for single rows.
// `not_found`: a table that is named is not there; `invalid`: a value is too large for SQL; `corrupt`: a row cannot be read:
// what was written until then is no dump, and has no end.
Result<DumpReport> write_sql_dump(rows::StoredDatabase& database, const SqlDumpRequest& request, DumpSink& sink);

}  // namespace holdfast::dump

// The SQL format of a dump (docs/formats/dump.md): a row a line, loaded by SQLite's own shell, and sealed by a hash at its end.
#pragma once

#include <functional>

#include "holdfast/base/progress.h"
#include "holdfast/dump/dump.h"
#include "holdfast/dump/dump_plan.h"
#include "holdfast/rows/text_writer.h"

namespace holdfast::dump {

struct SqlDumpRequest {
    Origin origin = {};
    TablesWanted wanted = {};
    Watch watch = {};
    // Asked before the last line is written: without that line it is no dump.
    std::function<Result<void>()> confirm = {};
};
// The same content and origin give the same bytes. Memory does not grow with the database, but for single rows.
// `not_found`: a table that is named is not there; `invalid`: a value is too large for SQL; `corrupt`: a row cannot be read:
// what was written until then is no dump, and has no end. The
// sink gets the header in its first piece, and the last line alone.
Result<DumpReport> write_sql_dump(rows::StoredDatabase& database, const SqlDumpRequest& request, const rows::TextSink& sink);

}  // namespace holdfast::dump

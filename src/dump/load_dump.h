// load_dump(): a dump as the database that it is of.
#pragma once

#include "holdfast/base/progress.h"
#include "holdfast/dump/dump_reader.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::dump {

struct LoadReport {
    std::uint64_t rows = 0;
    std::vector<std::string> warnings;
};
// Into an empty database, in one transaction: what the dump makes is made (tables, indexes, views, triggers; nothing else is
// run), every row is inserted as it is, without checks of constraints between tables and without triggers. The connection is
// of a new file: its schema need not be trusted until then, and it is written without protection of its shadow tables.
// Errors: those of the reader, after which nothing is there; `invalid`, with line and byte: SQLite refuses a row or a table.
Result<LoadReport> load_dump(DumpReader& reader, sqlite::Connection& connection, const Watch& watch);

}  // namespace holdfast::dump

// Running SQL that only reads on images, with its rows handed on one by one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/base/row_sink.h"
#include "holdfast/live/statements.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

struct Query {
    std::string sql;
    std::vector<Parameter> parameters;
    std::uint64_t rows_max = 0;           // of each result; 0: all
    bool is_one_result = false;           // what takes the rows has room for one result only
    std::function<bool()> is_over = {};   // a limit on time; asked between SQLite's steps
};
struct QueryResult {
    StatementPlace place;
    std::vector<ResultColumn> columns;
    std::uint64_t row_count = 0;          // handed on
    bool has_more = false;                // rows_max ended it
};

// On a connection to images, whose files cannot be written. The statements run in their order; those that write into
// temporary tables only may stand among them. `invalid`: one that would write, set something or attach another database,
// a parameter without a value or without a use, or a second result where there is room for one; nothing of that result has
// been handed on then. `cancelled`: on request, or the time is over. The sink's own errors end it.
Result<std::vector<QueryResult>> run_query(sqlite::Connection& on_images, const Query& query, RowSink& sink, const Watch& watch);

}  // namespace holdfast::live

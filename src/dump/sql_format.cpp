#include "holdfast/dump/sql_format.h"

#include "holdfast/base/text.h"
#include "holdfast/rows/row_values.h"

namespace holdfast::dump {

std::string table_line(const std::string& quoted_table, const std::vector<std::string>& quoted_columns) {
    return format("-- table {} ({})\n", quoted_table, rows::comma_separated(quoted_columns));
}
std::string rows_line(std::uint64_t rows) { return format("-- rows: {}\n", rows); }
std::string end_line(const DumpEnd& end) { return format("{}{} tables, {} rows, sha256 {}\n", end_word, end.tables, end.rows, end.content.hex()); }

}  // namespace holdfast::dump

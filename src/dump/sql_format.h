// The words of the SQL format that are not SQL: comments that a reader of dumps understands (docs/formats/dump.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/hash.h"

namespace holdfast::dump {

constexpr std::string_view first_line = "-- holdfast dump 1";

// -- KEY: VALUE
constexpr std::string_view header_database = "database", header_source = "source", header_machine = "machine", header_time = "time", header_schema = "schema", header_part = "part";

// Before the rows of a table, whose values have no names; and behind them.
std::string table_line(const std::string& quoted_table, const std::vector<std::string>& quoted_columns);
std::string rows_line(std::uint64_t rows);

// The last line. The hash is of every byte before it; a carriage return before a line feed does not count, so that a file
// stays what it is where git turns the ends of lines.
struct DumpEnd {
    std::uint64_t tables = 0, rows = 0;
    Hash content;
};
constexpr std::string_view end_word = "-- end: ";
std::string end_line(const DumpEnd& end);  // the hash is at its end

}  // namespace holdfast::dump

// RowValues: the values of one row, and how they pass from one connection to another without loss.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "holdfast/rows/schema.h"
#include "holdfast/rows/value_in_place.h"

namespace holdfast::rows {

// As SqlValue. Only what a RowReader has read has values in place.
using RowValue = std::variant<std::monostate, std::int64_t, double, std::string, Bytes, ValueInPlace>;
using RowValues = std::vector<RowValue>;

// Text in UTF-16 can hold what UTF-8 cannot (half of a surrogate pair). There a text's std::string has its own bytes, in the
// encoding of its database; both databases must have the same.
enum class TextForm : std::uint8_t { utf8, own_bytes };
Result<TextForm> text_form_of(sqlite::Connection& connection);

// Exactly: type and bytes; 0.0 is not -0.0. Of rows that were read alike. Errors: reading a value in its place.
Result<bool> is_same_value(const RowValue& one, const RowValue& other);
Result<bool> is_same_row(std::span<const RowValue> one, std::span<const RowValue> other);
bool has_null(const RowValues& row);

// What SELECT names to read the columns (SQL, as quoted_name() gives it) in this form, and the reading.
std::string select_list(const std::vector<std::string>& columns, TextForm form);
// Of one column in its own bytes; `otherwise` is read where it holds no text.
std::string text_as_bytes(const std::string& column, const std::string& otherwise);
RowValues read_row(const sqlite::Statement& statement, std::size_t count, TextForm form);
RowValue read_value(const sqlite::Statement& statement, std::size_t index, TextForm form);

// The parameter for value number `index` (from 0), and the binding of values `first`, `first` + 1, ...
std::string parameter(std::size_t index, TextForm form);
Result<void> bind_row(sqlite::Statement& statement, std::size_t first, const RowValues& row, TextForm form);  // held values

// "a = ?1 AND b = ?2", parameters from `first` on: the column's collation and affinity count, NULL equals nothing.
std::string equal_to(const std::vector<std::string>& columns, std::size_t first, TextForm form);

std::vector<std::string> quoted_names(const std::vector<std::string>& names);
std::string comma_separated(const std::vector<std::string>& parts);

// An INSERT, an UPDATE of all columns, and a DELETE: for SQLite to say what comes of them.
std::array<std::string, 3> writing_sql(const Table& table);

// Whether the text holds the word, in whatever case; perhaps as part of another, or in a comment.
bool mentions(std::string_view sql, std::string_view word);

// For people: sessions 'session-1'; task_files ('a', 2).
std::string in_words(std::string_view table, const RowValues& key);

}  // namespace holdfast::rows

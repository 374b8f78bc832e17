// RowValues: the values of one row, and how they pass from one connection to another without loss.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/rows/schema.h"

namespace holdfast::rows {

using RowValues = std::vector<SqlValue>;

// Text in UTF-16 can hold what UTF-8 cannot (half of a surrogate pair). There a text's std::string has its own bytes, in the
// encoding of its database; both databases must have the same.
enum class TextForm : std::uint8_t { utf8, own_bytes };
Result<TextForm> text_form_of(sqlite::Connection& connection);

// Exactly: type and bytes; 0.0 is not -0.0.
bool is_same_value(const SqlValue& one, const SqlValue& other);
bool is_same_row(const RowValues& one, const RowValues& other);
bool has_null(const RowValues& row);

// What SELECT names to read the columns (SQL, as quoted_name() gives it) in this form, and the reading.
std::string select_list(const std::vector<std::string>& columns, TextForm form);
RowValues read_row(const sqlite::Statement& statement, std::size_t count, TextForm form);

// The parameter for value number `index` (from 0), and the binding of values `first`, `first` + 1, ...
std::string parameter(std::size_t index, TextForm form);
Result<void> bind_row(sqlite::Statement& statement, std::size_t first, const RowValues& row, TextForm form);

// "a = ?1 AND b = ?2", parameters from `first` on: the column's collation and affinity count, NULL equals nothing.
std::string equal_to(const std::vector<std::string>& columns, std::size_t first, TextForm form);

std::vector<std::string> quoted_names(const std::vector<std::string>& names);
std::string comma_separated(const std::vector<std::string>& parts);

// Whether the text holds the word, in whatever case; perhaps as part of another, or in a comment.
bool mentions(std::string_view sql, std::string_view word);

// For people: sessions 'session-1'; task_files ('a', 2).
std::string in_words(std::string_view table, const RowValues& key);

}  // namespace holdfast::rows

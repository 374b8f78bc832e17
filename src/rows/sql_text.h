// SQL as text: where its quotes, comments and arguments end.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace holdfast::rows {

// The end of what stands at `at`: something in quotes, a comment, a word (of letters, digits and _), else one byte.
std::size_t end_of_piece(std::string_view sql, std::size_t at);

// All of them but spaces and comments.
std::vector<std::string_view> pieces_of(std::string_view sql);
std::string without_comments(std::string_view sql);  // a space in the place of each

// What stands between commas outside quotes, comments and parentheses.
std::vector<std::string_view> split_arguments(std::string_view text);

// A name or text without the quotes around it, if it has any.
std::string unquoted(std::string_view text);

// The same, with what ends a comment that goes on to its end: a semicolon behind it ends the statement. SQLite keeps such
// a comment in the schema.
std::string with_comment_ended(std::string sql);

}  // namespace holdfast::rows

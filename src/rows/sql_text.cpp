#include "holdfast/rows/sql_text.h"

#include <algorithm>

#include "holdfast/rows/names.h"

namespace holdfast::rows {
namespace {

bool is_letter(char c) { return (in_small(c) >= 'a' && in_small(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

// Behind the first `end` from `from` on, or the end of the text.
std::size_t behind(std::string_view sql, std::string_view end, std::size_t from) {
    const std::size_t at = sql.find(end, from);
    return at == std::string_view::npos ? sql.size() : at + end.size();
}

}  // namespace

std::size_t end_of_piece(std::string_view sql, std::size_t at) {
    const char c = sql[at];
    if (c == '"' || c == '\'' || c == '`') return behind(sql, std::string_view(&c, 1), at + 1);  // a doubled one begins the next piece
    if (c == '[') return behind(sql, "]", at + 1);
    if (sql.substr(at, 2) == "--") return behind(sql, "\n", at);
    if (sql.substr(at, 2) == "/*") return behind(sql, "*/", at + 2);
    std::size_t end = at;
    while (end < sql.size() && is_letter(sql[end])) ++end;
    return std::max(end, at + 1);
}

std::vector<std::string_view> split_arguments(std::string_view text) {
    std::vector<std::string_view> pieces;
    std::size_t begin = 0;
    int depth = 0;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quote != 0) {
            if (c == quote) quote = 0;
        } else if (c == '\'' || c == '"' || c == '`' || c == '[') {
            quote = c == '[' ? ']' : c;
        } else if (c == '(' || c == ')') {
            depth += c == '(' ? 1 : -1;
        } else if (c == ',' && depth == 0) {
            pieces.push_back(text.substr(begin, i - begin));
            begin = i + 1;
        }
    }
    pieces.push_back(text.substr(begin));
    return pieces;
}

std::string with_comment_ended(std::string sql) {
    std::size_t last = 0;
    for (std::size_t at = 0; at < sql.size(); at = end_of_piece(sql, at)) last = at;
    const std::string_view piece = std::string_view(sql).substr(last);
    if (piece.starts_with("--") && !piece.ends_with('\n')) return sql + "\n";
    if (piece.starts_with("/*") && (piece.size() < 4 || !piece.ends_with("*/"))) return sql + "*/";
    return sql;
}

}  // namespace holdfast::rows

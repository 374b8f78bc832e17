#include "holdfast/rows/sql_text.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/rows/names.h"

namespace holdfast::rows {
namespace {

bool is_letter(char c) { return (in_small(c) >= 'a' && in_small(c) <= 'z') || (c >= '0' && c <= '9') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }

// Behind the first `end` from `from` on, or the end of the text.
std::size_t behind(std::string_view sql, std::string_view end, std::size_t from) {
    const std::size_t at = sql.find(end, from);
    return at == std::string_view::npos ? sql.size() : at + end.size();
}

bool is_comment(std::string_view piece) { return piece.starts_with("--") || piece.starts_with("/*"); }

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

std::vector<std::string_view> pieces_of(std::string_view sql) {
    std::vector<std::string_view> pieces;
    for (std::size_t at = 0, end = 0; at < sql.size(); at = end) {
        end = end_of_piece(sql, at);
        const auto piece = sql.substr(at, end - at);
        if (!is_comment(piece) && !trim(piece).empty()) pieces.push_back(piece);
    }
    return pieces;
}

std::string without_comments(std::string_view sql) {
    std::string rest;
    for (std::size_t at = 0, end = 0; at < sql.size(); at = end) {
        end = end_of_piece(sql, at);
        const auto piece = sql.substr(at, end - at);
        rest += is_comment(piece) ? std::string_view(" ") : piece;
    }
    return rest;
}

std::vector<std::string_view> split_arguments(std::string_view text) {
    std::vector<std::string_view> arguments;
    std::size_t begin = 0;
    int depth = 0;
    for (std::size_t at = 0; at < text.size(); at = end_of_piece(text, at)) {
        const char c = text[at];
        if (c == '(' || c == ')') depth += c == '(' ? 1 : -1;
        if (c != ',' || depth != 0) continue;
        arguments.push_back(text.substr(begin, at - begin));
        begin = at + 1;
    }
    arguments.push_back(text.substr(begin));
    return arguments;
}

std::string unquoted(std::string_view text) {
    if (text.size() < 2) return std::string(text);
    const char first = text.front(), close = first == '[' ? ']' : first;
    if ((first != '\'' && first != '"' && first != '`' && first != '[') || text.back() != close) return std::string(text);
    std::string out;
    for (std::size_t i = 1; i + 1 < text.size(); ++i) {
        out += text[i];
        if (text[i] == close && i + 2 < text.size() && text[i + 1] == close) ++i;
    }
    return out;
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

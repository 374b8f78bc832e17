#include "holdfast/dump/created_table.h"

#include <algorithm>
#include <array>

#include "holdfast/dump/sql_cursor.h"
#include "holdfast/rows/names.h"
#include "holdfast/rows/sql_text.h"

namespace holdfast::dump {
namespace {

// Of what stands outside parentheses: GENERATED ALWAYS AS (…), or AS (…) alone.
bool is_generated(std::string_view definition) {
    const auto pieces = rows::pieces_of(definition);
    int depth = 0;
    for (std::size_t i = 1; i < pieces.size(); ++i) {
        if (pieces[i] == "(") ++depth;
        if (pieces[i] == ")") --depth;
        if (depth == 0 && i + 1 < pieces.size() && rows::is_same_name(pieces[i], "AS") && pieces[i + 1] == "(") return true;
    }
    return false;
}

}  // namespace

std::optional<CreatedTable> read_create_table(std::string_view sql) {
    SqlCursor cursor(sql, true);
    std::string word;
    bool is_quoted = false;
    CreatedTable table;
    if (!cursor.take_word(word) || word != "CREATE" || !cursor.take_word(word)) return std::nullopt;
    if ((word == "TEMP" || word == "TEMPORARY") && !cursor.take_word(word)) return std::nullopt;
    if (word != "TABLE" || !cursor.take_name(table.name, is_quoted)) return std::nullopt;
    if (!is_quoted && rows::is_same_name(table.name, "IF") && (!cursor.take_word(word) || !cursor.take_word(word) || !cursor.take_name(table.name, is_quoted))) return std::nullopt;
    if (!cursor.skip_space()) return std::nullopt;
    if (cursor.here() == '.') {
        ++cursor.at;
        if (!cursor.take_name(table.name, is_quoted)) return std::nullopt;
    }
    if (!cursor.take('(')) return std::nullopt;
    std::size_t end = cursor.at;
    for (int depth = 1; end < sql.size(); end = rows::end_of_piece(sql, end)) {
        depth += sql[end] == '(' ? 1 : sql[end] == ')' ? -1 : 0;
        if (depth == 0) break;
    }
    constexpr std::array<std::string_view, 5> of_table = {"CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"};
    for (const auto definition : rows::split_arguments(sql.substr(cursor.at, std::min(end, sql.size()) - cursor.at))) {
        SqlCursor of_column(definition, true);
        std::string name;
        if (!of_column.take_name(name, is_quoted)) return std::nullopt;
        const bool is_constraint = !is_quoted && std::ranges::any_of(of_table, [&](std::string_view one) { return rows::is_same_name(one, name); });
        if (is_constraint) break;  // nothing but such comes behind one
        if (!is_generated(definition)) table.columns.push_back(std::move(name));
    }
    return table;
}

}  // namespace holdfast::dump

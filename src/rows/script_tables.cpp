#include "holdfast/rows/script_tables.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::rows {
namespace {

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    const auto first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return "";
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

// Pieces between commas that stand outside quotes and parentheses.
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

// Rows that are there may forbid it, though the empty table allows it.
bool may_be_refused(const Table& before, const Table& after) {
    for (const auto& column : after.columns) {
        const bool is_new = before.find(column.name) == nullptr;
        if (is_new && ((column.is_not_null && !column.default_sql) || column.generated != Generated::no)) return true;
    }
    return false;
}

}  // namespace

std::optional<std::vector<std::string>> column_additions(const Table& before, const Table& after) {
    const bool is_ordinary = before.kind == TableKind::ordinary && after.kind == TableKind::ordinary && before.has_rowid == after.has_rowid;
    if (!is_ordinary || after.columns.size() <= before.columns.size() || may_be_refused(before, after)) return std::nullopt;
    const auto differ = std::ranges::mismatch(before.sql, after.sql);
    const auto common = static_cast<std::size_t>(differ.in1 - before.sql.begin());
    const std::string_view behind = std::string_view(before.sql).substr(common), middle = std::string_view(after.sql).substr(common);
    if (!middle.ends_with(behind)) return std::nullopt;
    const auto pieces = split_arguments(middle.substr(0, middle.size() - behind.size()));
    std::vector<std::string> statements;
    for (std::size_t i = 1; i < pieces.size(); ++i) statements.push_back(format("ALTER TABLE {} ADD COLUMN {}", sqlite::quoted_name(after.name), trimmed(pieces[i])));
    if (!trimmed(pieces.front()).empty() || statements.empty()) return std::nullopt;
    auto trial = sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true});
    if (!trial || !trial->execute(before.sql)) return std::nullopt;
    for (const auto& statement : statements) {
        if (statement.find("CHECK") != std::string::npos || statement.find("check") != std::string::npos || !trial->execute(statement)) return std::nullopt;
    }
    const auto made = trial->text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    return made && *made == after.sql ? std::optional(statements) : std::nullopt;
}

std::optional<std::string> module_option(const Table& table, std::string_view name) {
    for (const auto piece : split_arguments(table.module_arguments)) {
        const auto equals = piece.find('=');
        if (equals != std::string_view::npos && is_same_name(trimmed(piece.substr(0, equals)), name)) return unquoted(trimmed(piece.substr(equals + 1)));
    }
    return std::nullopt;
}

}  // namespace holdfast::rows

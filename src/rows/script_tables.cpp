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

// Rows that are there forbid what an empty table allows: a default that is no constant, NOT NULL without one. What the
// other columns are does not matter to SQLite.
bool are_taken_with_rows(const Table& before, const std::vector<std::string>& statements) {
    auto trial = sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true});
    const std::string made = format("CREATE TABLE {0}({1} INT){2}; INSERT INTO {0} VALUES (1)", sqlite::quoted_name(before.name), sqlite::quoted_name(before.columns.front().name), before.is_strict ? " STRICT" : "");
    return trial && trial->execute(made) && std::ranges::all_of(statements, [&](const std::string& statement) { return trial->execute(statement).ok(); });
}

}  // namespace

std::optional<std::vector<std::string>> column_additions(const Table& before, const Table& after) {
    const bool is_ordinary = before.kind == TableKind::ordinary && after.kind == TableKind::ordinary && before.has_rowid == after.has_rowid;
    if (!is_ordinary || after.columns.size() <= before.columns.size()) return std::nullopt;
    if (std::ranges::any_of(after.columns, [&](const Column& column) { return before.find(column.name) == nullptr && column.generated != Generated::no; })) return std::nullopt;
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
        if (in_small_letters(statement).find("check") != std::string::npos || !trial->execute(statement)) return std::nullopt;
    }
    const auto made = trial->text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    return made && *made == after.sql && are_taken_with_rows(before, statements) ? std::optional(statements) : std::nullopt;
}

std::optional<std::string> module_option(const Table& table, std::string_view name) {
    for (const auto piece : split_arguments(table.module_arguments)) {
        const auto equals = piece.find('=');
        if (equals != std::string_view::npos && is_same_name(trimmed(piece.substr(0, equals)), name)) return unquoted(trimmed(piece.substr(equals + 1)));
    }
    return std::nullopt;
}

}  // namespace holdfast::rows

#include "holdfast/rows/script_tables.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/rows/sql_text.h"

namespace holdfast::rows {
namespace {

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
    for (std::size_t i = 1; i < pieces.size(); ++i) statements.push_back(format("ALTER TABLE {} ADD COLUMN {}", sqlite::quoted_name(after.name), trim(pieces[i])));
    if (!trim(pieces.front()).empty() || statements.empty()) return std::nullopt;
    auto trial = sqlite::Connection::open(":memory:", {.mode = sqlite::OpenMode::create, .trust_schema = true});
    if (!trial || !trial->execute(before.sql)) return std::nullopt;
    for (const auto& statement : statements) {
        if (in_small_letters(statement).find("check") != std::string::npos || !trial->execute(statement)) return std::nullopt;
    }
    const auto made = trial->text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
    return made && *made == after.sql && are_taken_with_rows(before, statements) ? std::optional(statements) : std::nullopt;
}

}  // namespace holdfast::rows

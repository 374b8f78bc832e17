#include "holdfast/rows/large_columns.h"

#include <algorithm>

#include "holdfast/rows/chosen_rows.h"

namespace holdfast::rows {
namespace {

bool is_of_name(char c) { return c == '_' || c == '$' || (c & 0x80) != 0 || (c >= '0' && c <= '9') || (in_small(c) >= 'a' && in_small(c) <= 'z'); }

// Perhaps in a comment, or as a name.
bool has_word(std::string_view sql, std::string_view word) {
    for (auto from = sql.begin(); from != sql.end();) {
        const auto found = std::search(from, sql.end(), word.begin(), word.end(), [](char one, char other) { return in_small(one) == other; });
        if (found == sql.end()) return false;
        const auto end = found + static_cast<std::ptrdiff_t>(word.size());
        if ((found == sql.begin() || !is_of_name(*(found - 1))) && (end == sql.end() || !is_of_name(*end))) return true;
        from = end;
    }
    return false;
}

bool has_plain_rowids(const Table& table) {
    const bool has_generated = std::ranges::any_of(table.columns, [](const Column& column) { return column.generated != Generated::no; });
    return table.kind == TableKind::ordinary && table.has_rowid && !has_generated && !row_name_of(table).empty();
}

// The names of its rows, and what is looked for among other rows: unique values, references to it and from it.
ColumnNames looked_for(const Schema& schema, const Table& table) {
    ColumnNames names;
    const auto add = [&](const std::vector<std::string>& more) { names.insert(more.begin(), more.end()); };
    add(table.key_columns());
    for (const auto& key : table.unique) add(key.columns);
    for (const auto& reference : table.references) add(reference.columns);
    for (const auto& child : schema.tables) {
        for (const auto& reference : child.references) {
            if (is_same_name(reference.parent, table.name)) add(reference.parent_columns);
        }
    }
    return names;
}

// What is in an index; "*" stands for all, where it has an expression or a condition.
Result<ColumnNames> indexed(sqlite::Connection& connection, const Table& table) {
    ColumnNames names;
    auto rows = TRY(connection.prepare("SELECT CASE WHEN i.partial OR x.cid = -2 THEN '*' ELSE x.name END "
                                       "FROM pragma_index_list(?1, 'main') AS i, pragma_index_xinfo(i.name, 'main') AS x WHERE i.partial OR x.cid <> -1"));
    TRY(rows.bind(1, table.name));
    while (TRY(rows.step())) names.insert(rows.column_text(0));
    return names;
}

Result<bool> has_temporary_triggers(sqlite::Connection& connection, const Table& table) {
    auto rows = TRY(connection.prepare("SELECT 1 FROM temp.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE"));
    TRY(rows.bind(1, table.name));
    return rows.step();
}

}  // namespace

Result<LargeColumns> large_columns_of(sqlite::Connection& destination, const Schema& schema, const SameTable& table) {
    const auto& [then, now] = table;
    LargeColumns large;
    if (!has_plain_rowids(then) || !has_plain_rowids(now) || then.integer_key.has_value() != now.integer_key.has_value()) return large;
    for (const auto& name : now.written_columns()) large.left_in_place.insert(name);
    for (const auto& name : looked_for(schema, now)) large.left_in_place.erase(name);
    const auto indexed_now = TRY(indexed(destination, now));
    if (has_word(now.sql, "check") || indexed_now.contains("*") || TRY(has_temporary_triggers(destination, now))) return large;
    large.filled_later = large.left_in_place;
    for (const auto& name : indexed_now) large.filled_later.erase(name);
    return large;
}

}  // namespace holdfast::rows

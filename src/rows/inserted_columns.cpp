#include "holdfast/rows/inserted_columns.h"

#include "holdfast/base/text.h"
#include "holdfast/rows/compare_virtual.h"
#include "holdfast/rows/full_text.h"

namespace holdfast::rows {

std::string rowid_of(const Table& table) {
    if (table.kind == TableKind::virtual_table) return "rowid";
    if (table.integer_key) return sqlite::quoted_name(table.columns[*table.integer_key].name);
    return table.rowid_name;
}

Result<InsertedColumns> inserted_columns(const Table& table, const Table* rows) {
    const bool is_virtual = table.kind == TableKind::virtual_table;
    const auto shown = shown_columns(table, rows);
    // The rowid is named where no column is it: what else refers to the row by it goes on doing so.
    if (!is_virtual) return InsertedColumns{.rowid = table.has_rowid && !table.integer_key ? table.rowid_name : "", .columns = shown};
    if (rows == nullptr) return InsertedColumns{.rowid = {}, .columns = shown};
    if (module_option(table, "compress") || module_option(table, "uncompress")) {
        return fail(ErrorCode::unavailable, "write rows of {}: functions of the application compress them", printable(table.name)).with_advice("holdfast restore gives the whole database");
    }
    // The fields of rows that it keeps in a table of its own are called otherwise there than in itself.
    std::vector<std::string> columns = {"rowid"};
    for (const auto& column : table.columns) {
        if (!column.is_hidden) columns.push_back(column.name);
    }
    const auto language = module_option(table, "languageid");
    if (language && table.module == "fts4") columns.push_back(*language);
    if (!table.columns.empty() && columns.size() == shown.size()) return InsertedColumns{.rowid = {}, .columns = std::move(columns)};
    return fail(ErrorCode::unavailable, "write rows of {}: it keeps them in a way that this version does not know", printable(table.name)).with_advice("holdfast restore gives the whole database");
}

}  // namespace holdfast::rows

#include "holdfast/sqlite/schema_text.h"

#include "holdfast/base/text.h"

namespace holdfast::sqlite {

Result<std::string> schema_text(Connection& connection) {
    std::string text = format("PRAGMA page_size = {};\nPRAGMA encoding = '{}';\nPRAGMA application_id = {};\nPRAGMA user_version = {};\n",
                              TRY(connection.integer("PRAGMA page_size")), TRY(connection.text("PRAGMA encoding")),
                              TRY(connection.integer("PRAGMA application_id")), TRY(connection.integer("PRAGMA user_version")));
    auto statement = TRY(connection.prepare(
        "SELECT sql FROM sqlite_schema AS s WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
        "AND NOT EXISTS (SELECT 1 FROM pragma_table_list AS t WHERE t.schema = 'main' AND t.name = s.name AND t.type = 'shadow') "
        "ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid"));
    while (TRY(statement.step())) text += statement.column_text(0) + ";\n";
    return text;
}

}  // namespace holdfast::sqlite

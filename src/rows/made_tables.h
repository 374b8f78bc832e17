// Tables made again: dropped ones from the backup's schema, damaged ones from their own.
#pragma once

#include <string>
#include <vector>

#include "holdfast/rows/index_settings.h"
#include "holdfast/rows/schema.h"

namespace holdfast::rows {

// What a table consists of besides its rows.
struct TableDefinition {
    std::string name;
    std::string sql;
    std::vector<SchemaObject> indexes, triggers;
    IndexSettings settings;
    std::int64_t sequence = 0;  // the last AUTOINCREMENT value; 0: none
};
Result<TableDefinition> definition_of(sqlite::Connection& connection, const Schema& schema, const Table& table);

// With the settings of a full-text index. `exists`: something else has the name now.
Result<void> make_table(sqlite::Connection& destination, const Schema& now, const TableDefinition& definition);
Result<void> drop_table(sqlite::Connection& destination, const TableDefinition& definition);
// Behind its rows: indexes, triggers, and the last AUTOINCREMENT value, which never becomes less.
Result<void> complete_table(sqlite::Connection& destination, const TableDefinition& definition);
// Its triggers name a table or column that is not there, so that writes to it fail: a note for people. Triggers may be off.
std::optional<std::string> what_its_triggers_lack(sqlite::Connection& destination, const Table& made);

}  // namespace holdfast::rows

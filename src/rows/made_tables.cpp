#include "holdfast/rows/made_tables.h"

#include <algorithm>
#include <array>
#include <utility>

#include "holdfast/base/text.h"
#include "holdfast/rows/row_values.h"
#include "holdfast/sqlite/trigger_switch.h"

namespace holdfast::rows {
namespace {

// One statement: what stands in a schema may have been put there by anybody.
Result<void> run(sqlite::Connection& connection, const std::string& sql) {
    auto statement = TRY(connection.prepare(sql));
    TRY(statement.step());
    return {};
}

}  // namespace

Result<TableDefinition> definition_of(sqlite::Connection& connection, const Schema& schema, const Table& table) {
    TableDefinition definition{.name = table.name, .sql = table.sql, .indexes = {}, .triggers = {}, .settings = {}};
    for (const auto& object : schema.objects) {
        if (!is_same_name(object.table, table.name) || object.sql.empty()) continue;
        if (object.type == "index") definition.indexes.push_back(object);
        if (object.type == "trigger") definition.triggers.push_back(object);
    }
    definition.settings = TRY(settings_of(connection, table));
    if (!table.is_autoincrement) return definition;
    auto last = TRY(connection.prepare("SELECT seq FROM main.sqlite_sequence WHERE name = ?1"));
    TRY(last.bind(1, table.name));
    if (TRY(last.step())) definition.sequence = last.column_integer(0);
    return definition;
}

Result<void> make_table(sqlite::Connection& destination, const Schema& now, const TableDefinition& definition) {
    const auto has_name = [&](const SchemaObject& object) { return is_same_name(object.name, definition.name) && object.type != "trigger"; };
    const auto other = std::ranges::find_if(now.objects, has_name);
    if (other != now.objects.end()) {
        return fail(ErrorCode::exists, "restore the table {}: the name belongs to {} {} now", printable(definition.name), other->type == "index" ? "an" : "a", other->type).with_advice("--to FILE writes it into a new file");
    }
    auto made = run(destination, definition.sql);
    for (auto setting = definition.settings.begin(); made && setting != definition.settings.end(); ++setting) made = run(destination, setting_sql(definition.name, setting->first, setting->second));
    if (!made) return std::move(made).error().while_doing(format("make the table {}", printable(definition.name)));
    return {};
}

Result<void> drop_table(sqlite::Connection& destination, const TableDefinition& definition) {
    return destination.execute(format("DROP TABLE main.{}", sqlite::quoted_name(definition.name)));
}

Result<void> complete_table(sqlite::Connection& destination, const TableDefinition& definition) {
    for (const auto* objects : {&definition.indexes, &definition.triggers}) {
        for (const auto& object : *objects) {
            auto made = run(destination, object.sql);
            if (made) continue;
            auto error = std::move(made).error().while_doing(format("make the {} {} of {}", object.type, printable(object.name), printable(definition.name)));
            const bool is_taken = error.message().find("already exists") != std::string::npos || error.message().find("already a table named") != std::string::npos;
            return is_taken ? std::move(error).with_advice("something else has its name now: rename that first; --to FILE writes the rows into a new file") : std::move(error);
        }
    }
    if (definition.sequence == 0) return {};
    auto raised = TRY(destination.prepare("UPDATE main.sqlite_sequence SET seq = max(seq, ?2) WHERE name = ?1 RETURNING 1"));
    TRY(raised.bind(1, definition.name));
    TRY(raised.bind(2, definition.sequence));
    if (TRY(raised.step())) {
        while (TRY(raised.step())) {}
        return {};
    }
    auto added = TRY(destination.prepare("INSERT INTO main.sqlite_sequence(name, seq) VALUES (?1, ?2)"));
    TRY(added.bind(1, definition.name));
    TRY(added.bind(2, definition.sequence));
    TRY(added.step());
    return {};
}

std::optional<std::string> what_its_triggers_lack(sqlite::Connection& destination, const Table& made) {
    if (made.kind != TableKind::ordinary) return std::nullopt;
    const sqlite::TriggersOn on(destination);
    for (const auto& sql : writing_sql(made)) {
        const auto prepared = destination.prepare(sql);
        if (prepared) continue;
        const auto& why = prepared.error().message();
        const bool lacks = std::ranges::any_of(std::array<std::string_view, 3>{"no such table", "no such column", "no column named"}, [&](std::string_view words) { return why.find(words) != std::string::npos; });
        // Functions and modules may be the application's own.
        if (lacks) return format("every {} of {} will fail, as its triggers need what is not there: {}; --table brings back what was dropped with it, or DROP TRIGGER removes them", sql.substr(0, sql.find(' ')), printable(made.name), printable(why));
    }
    return std::nullopt;
}

}  // namespace holdfast::rows

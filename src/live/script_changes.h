// ScriptChanges: what a script changes of a database besides its rows: its schema, and what its header says.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "holdfast/live/statements.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

struct SchemaChange {
    std::string what;        // created, dropped, changed, renamed
    std::string type, name;
    std::uint64_t rows = 0;  // that a dropped table had
    std::string new_name;    // of a renamed one
};
// user_version, application_id, journal_mode (wal, rollback), encoding, page_size, auto_vacuum; page_count, where it
// became less.
struct PropertyChange {
    std::string name, before, after;
};

using Properties = std::map<std::string, std::string>;
Result<Properties> properties_of(sqlite::Connection& connection);
std::vector<PropertyChange> differences(const Properties& before, const Properties& after);

// Follows the schema of the transaction that is open, statement by statement. Renamed is only what one ALTER TABLE has
// given another name: a table that is dropped and made again, under whatever name, is told as both.
class ScriptChanges {
public:
    static Result<ScriptChanges> begin(sqlite::Connection& connection);
    // Around each statement.
    Result<void> before(const JudgedStatement& judged);
    Result<void> after(const JudgedStatement& judged);

    Result<std::vector<SchemaChange>> of_schema() const;
    Result<std::vector<PropertyChange>> of_properties() const;

private:
    struct Object {
        std::int64_t row = 0;  // in sqlite_schema: ALTER TABLE leaves it where it is
        std::string type, name, sql;
    };
    using Schema = std::map<std::string, Object>;  // by name, triggers apart

    explicit ScriptChanges(sqlite::Connection& connection) : connection_(&connection) {}
    Result<Schema> schema() const;
    void note_renamed(const std::string& old_name, const std::string& new_name, const Schema& now);
    Result<void> note_dropped();
    std::optional<std::string> name_now(const std::string& name) const;

    sqlite::Connection* connection_;
    Schema before_, before_statement_;
    Properties properties_;
    std::map<std::string, std::string> first_names_;  // by the name now, of what was renamed
    std::set<std::string> given_up_;                  // names of before_ whose object has another name now, or is gone
    std::map<std::string, std::uint64_t> dropped_rows_;
};

}  // namespace holdfast::live

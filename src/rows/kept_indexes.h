// KeptIndexes: full-text and other virtual tables that follow a table's rows, kept right while triggers are off.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "holdfast/rows/schema.h"

namespace holdfast::rows {

struct KeptIndex {
    std::string table;  // the virtual one
    // followed: the application's own triggers for it ran; verified: and SQLite found it to agree with its content;
    // rebuilt: it did not, or nothing followed, so it was made anew from its content.
    enum class How : std::uint8_t { followed, verified, rebuilt } how = How::followed;
    bool operator==(const KeptIndex&) const = default;
};

// Rows that come back are what triggers have already made of them, so the database's triggers are off. But an index in a
// virtual table has forgotten a deleted row, and only the application's triggers know how it is written. Those that write
// into virtual tables and nowhere else are therefore copied into the connection's temporary schema, where triggers fire;
// the database's schema is not touched. See docs/decisions.
class KeptIndexes {
public:
    // Of a connection whose main is the database, in a transaction, with triggers off. All is outlived.
    KeptIndexes(sqlite::Connection& connection, const Schema& schema) : connection_(connection), schema_(schema) {}
    ~KeptIndexes();  // takes the copies away
    KeptIndexes(const KeptIndexes&) = delete;
    KeptIndexes& operator=(const KeptIndexes&) = delete;

    // Before the first row of the table is written.
    Result<void> follow(const Table& table);
    // After the last one: of the tables that were changed (or made), what follows them is checked, and rebuilt where needed.
    struct Written {
        std::string table;
        bool is_made = false;  // just now: nothing could follow
    };
    Result<std::vector<KeptIndex>> finish(const std::vector<Written>& written);

private:
    Result<bool> copy_trigger(const Table& table, const SchemaObject& trigger);
    Result<std::vector<std::string>> writes_of(const Table& table);
    bool is_over(const Table& index, const std::string& table) const;
    Result<KeptIndex> settled(const Table& index, bool is_made);

    sqlite::Connection& connection_;
    const Schema& schema_;
    std::vector<std::string> copies_;    // names as the schema has them
    std::set<std::string> followed_;     // virtual tables that they write
};

}  // namespace holdfast::rows

// KeptIndexes: full-text and other virtual tables that follow a table's rows, kept right while triggers are off.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "holdfast/rows/row_values.h"

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
// into such indexes and do nothing else are therefore copied into the connection's temporary schema, where triggers fire;
// the database's schema is not touched. What others would have written is told. See docs/decisions.
class KeptIndexes {
public:
    struct Backup {
        sqlite::Connection& connection;  // in main
        const Schema& schema;
        std::set<std::string, NameOrder> brought;  // indexes whose own rows are brought: no trigger writes those
    };
    // Of a connection whose main is the database, in a transaction, with triggers off. All is outlived.
    KeptIndexes(sqlite::Connection& connection, const Schema& schema, Backup backup, TextForm form) : connection_(connection), schema_(schema), backup_(std::move(backup)), form_(form) {}
    ~KeptIndexes();  // takes the copies away
    KeptIndexes(const KeptIndexes&) = delete;
    KeptIndexes& operator=(const KeptIndexes&) = delete;

    // One of the indexes is damaged, so that triggers fail: nothing follows.
    void run_no_triggers() { are_triggers_run_ = false; }
    // Before the first row of the table is written.
    Result<void> follow(const Table& table);
    // A row was written that has this rowid here and in the backup.
    void wrote(const Table& table, std::int64_t rowid);
    // After the last one: of the tables that were changed (or made), what follows them is checked, and rebuilt where needed.
    // `notes`: which index may lack rows, by which trigger, and what is to be done.
    struct Written {
        std::string table;
        bool is_made = false;         // just now: nothing could follow
        bool has_inserted = false, has_updated = false;
        bool has_new_rowids = false;  // some of its rows
    };
    Result<std::vector<KeptIndex>> finish(const std::vector<Written>& written, std::vector<std::string>& notes);

private:
    // Triggers that write an index when rows of a table are written, at whatever distance.
    struct Triggers {
        std::set<std::string> of_insert, of_update, of_delete;
    };
    using TriggersOfTables = std::map<std::string, Triggers>;
    struct Compared {
        std::uint64_t rows = 0, other = 0;  // of them, otherwise there than in the backup
    };
    Result<bool> copy_trigger(const Table& table, const SchemaObject& trigger);
    Result<std::vector<std::string>> writes_of(const Table& table);
    Result<void> find_triggers(const Table& table);
    const Table* index_named(const std::string& name) const;
    bool is_over(const Table& index, const std::string& table) const;
    bool is_named_by_triggers(const Table& index, const std::string& table) const;
    bool may_follow(const std::string& written, const Table& table) const;
    bool are_copied(const std::set<std::string>& triggers) const;
    bool have_run(const Triggers& triggers, const Written& of) const;
    std::string why_not(const Written& of) const;
    Result<KeptIndex> settled(const Table& index, bool is_followed);
    Result<bool> is_followed(const Table& index, const std::vector<Written>& written, std::vector<std::string>& notes);
    Result<std::optional<Compared>> compared(const Table& index, const Written& of, bool is_by_content);

    sqlite::Connection& connection_;
    const Schema& schema_;
    Backup backup_;
    TextForm form_;
    bool are_triggers_run_ = true;
    std::vector<std::string> copies_;    // names as the schema has them
    std::map<std::string, TriggersOfTables> triggers_;  // by index
    std::map<std::string, std::vector<std::int64_t>> rowids_;  // of rows that were written
};

}  // namespace holdfast::rows

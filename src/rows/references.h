// References: whether what rows refer to is there, for exactly the rows that a transaction has written.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/rows/table_writer.h"

namespace holdfast::rows {

// A row was written that refers to one which is not there, or not yet.
struct OpenReference {
    std::string child;              // the table
    std::string child_in_words;     // the row
    const ForeignKey* key = nullptr;
    RowValues values;                     // of key->columns, or what the parent's columns were
    bool is_orphaned = false;       // the parent's key was changed: rows may be left that refer to the old one
};

// PRAGMA foreign_key_check reads every row of every table. Here rows are only inserted or changed in place: what can be
// broken anew are the references of those rows, and of rows that refer to a changed key. What this cannot know
// (may_be_missed() in reference_gate.h) ReferenceGate finds.
class References {
public:
    References(sqlite::Connection& destination, const Schema& now, TextForm form) : connection_(destination), now_(now), form_(form) {}

    Result<void> note(TableWriter& writer, const RowValues& row, const WrittenRow& written);
    // The next one whose parent is still missing; none: all are there.
    Result<std::optional<OpenReference>> next_open();
    enum class Parents : std::uint8_t { left_alone, sought };  // in the backup
    Error broken(const OpenReference& reference, Parents parents) const;

private:
    Result<bool> has_row(const std::string& table, const std::vector<std::string>& columns, const RowValues& values);
    Result<void> note_changed_key(const TableWriter& writer, const RowValues& row, const RowValues& before);
    Result<std::optional<RowValues>> values_of(TableWriter& writer, const ForeignKey& key, const RowValues& row, const WrittenRow& written);

    sqlite::Connection& connection_;
    const Schema& now_;
    TextForm form_;
    std::deque<OpenReference> open_;
    std::map<std::string, sqlite::Statement> statements_;
};

}  // namespace holdfast::rows

// bring_rows(): chosen rows of a backup written into a database, inside a transaction that somebody else begins and ends.
#pragma once

#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/rows/chosen_rows.h"
#include "holdfast/rows/kept_indexes.h"
#include "holdfast/rows/table_writer.h"

namespace holdfast::rows {

enum class Into : std::uint8_t {
    database,
    // Every table that has chosen rows is made, and those that they refer to if with_parents; nobody's triggers are. What
    // refers to rows that are not there may stay so.
    new_file,
};
struct BringOrder {
    OnConflict on_conflict = OnConflict::by_key;
    bool with_parents = false;  // rows that brought ones refer to and that are missing are brought as well
    // Named tables that are there are dropped and made again as they were, with their indexes and triggers, without reading
    // one of their rows: what can still be done for a table whose pages are damaged. All of its rows must be chosen.
    bool remake = false;
    Into into = Into::database;
};

struct BroughtTable {
    std::string table;
    WrittenCounts rows;
    std::uint64_t parents = 0;  // of those inserted: nobody chose them, others need them
    bool is_made = false;       // it was not there, or was made again
    std::vector<std::string> columns_left_out;  // the backup's, of which the table has none now
    std::vector<std::string> columns_kept;      // the table's, of which the backup has none
};
struct Brought {
    std::vector<BroughtTable> tables;
    std::vector<KeptIndex> indexes;
    std::vector<std::string> notes;  // what was left out, and why
};

// The destination is main of a connection in a write transaction, with foreign_keys off: no action of theirs may fire. Its
// triggers are switched off by this, for good. Rows are inserted, or changed in place; none is deleted or replaced. A named
// table that is missing is made with the backup's SQL, indexes and triggers.
//
// After an Error the transaction must be rolled back. `exists`: rows are in the way (each is named). `invalid`: a constraint,
// or a reference to a row that is nowhere. `corrupt`: reading the backup, or the destination; `is_damage_there` tells.
struct BringState {
    bool is_damage_there = false;
};
Result<Brought> bring_rows(const ChosenRows& chosen, sqlite::Connection& destination, const BringOrder& order, BringState& state, const Watch& watch);

}  // namespace holdfast::rows

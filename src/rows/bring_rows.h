// bring_rows(): chosen rows of a backup written into a database, inside a transaction that somebody else begins and ends.
#pragma once

#include <set>
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

// What damage a failed bring_rows() met in the destination. SQLite writes nothing more in a transaction in which it met some:
// with what was learned the next one, in a transaction of its own, can do without what is damaged.
struct BringState {
    bool is_damage_there = false;  // it is why the last one failed
    bool has_learned = false;      // and the next one would do otherwise
    // Tables that SQLite finds damaged. Next time they are dropped and made again as they were, with their indexes and
    // triggers, without reading one of their rows. That takes all rows of the backup: has_learned says whether those are chosen.
    std::set<std::string, NameOrder> damaged;
    std::set<std::string, NameOrder> unreadable;  // what their rows refer to is not checked
    bool are_indexes_damaged = false;             // those that triggers write, or they refuse what is right: no trigger runs
};

// The destination is main of a connection in a write transaction, with foreign_keys off: no action of theirs may fire. Its
// triggers are switched off by this, for good. Rows are inserted, or changed in place; none is deleted or replaced. A named
// table that is missing is made with the backup's SQL, indexes and triggers.
//
// After an Error the transaction must be rolled back, and if the state has learned something, bring_rows() be called again.
// `exists`: rows are in the way (each is named). `invalid`: a constraint, or a reference to a row that is nowhere.
// `corrupt`: reading the backup, or the destination; the state tells.
Result<Brought> bring_rows(const ChosenRows& chosen, sqlite::Connection& destination, const BringOrder& order, BringState& state, const Watch& watch);

}  // namespace holdfast::rows

// The part of a restore's request and report that speaks of rows: which come back, and what became of them.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct RowsRequest {
    std::vector<std::string> tables, keys;
    std::string where, on_conflict;
    bool with_related = false;
    bool is_asked() const { return !tables.empty() || !keys.empty() || !where.empty() || with_related || !on_conflict.empty(); }

    template <class Visitor>
    void describe(Visitor& visit) {
        visit(tables, {.name = "table", .sentence = "Only rows of this table, in one transaction beside all others; may be repeated. A dropped table comes back with its indexes and triggers.", .value = "TABLE"});
        visit(where, {.name = "where", .sentence = "With --table: the rows for which this expression is true in the backup.", .value = "SQL"});
        visit(keys, {.name = "row", .sentence = "With --table: the row with this primary key (of several columns: a JSON array of their values); may be repeated.", .value = "KEY"});
        visit(with_related, {.name = "with-related", .sentence = "With --table: also the rows that refer to those by foreign keys, over all levels, and missing ones that any of them refers to."});
        visit(on_conflict, {.name = "on-conflict", .sentence = "With --table: what becomes of a row that is there and differs: replace (it is changed in place; the default), keep, or fail (nothing is changed).", .value = "HOW"});
    }
};

struct TableBack {
    std::string table;
    std::uint64_t inserted = 0, updated = 0, unchanged = 0, kept = 0, left_out = 0, parents = 0, new_rowids = 0;
    bool made = false;
    std::vector<std::string> columns_left_out, columns_kept;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("table", table, "The table.");
        visit("inserted", inserted, "Rows that were missing.");
        visit("updated", updated, "Rows that were there and differed: changed in place.");
        visit("unchanged", unchanged, "Rows that were there, and are the same.");
        visit("kept", kept, "Rows that differ and were left as they are.");
        visit("left_out", left_out, "Rows whose unique values belong to other rows now.");
        visit("parents", parents, "Of those inserted: not asked for, but others refer to them.");
        visit("new_rowids", new_rowids, "Of those inserted: their rowid, which no column shows, is another row's now.");
        visit("made", made, "The table was made: it was missing, or damaged.");
        visit("columns_left_out", columns_left_out, "Columns of the backup that the table has not now.");
        visit("columns_kept", columns_kept, "Columns that the backup has not: as they were, or their default.");
    }
};
struct IndexBack {
    std::string table, how;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("table", table, "A full-text or other virtual table that follows one of those.");
        visit("how", how, "followed (by the application's own triggers), verified (so too, and compared with its content), rebuilt.");
    }
};
struct RowsBack {
    std::string database;
    std::vector<TableBack> tables;
    std::vector<IndexBack> indexes;
    bool made_again = false;
    double writers_blocked_ms = 0;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("database", database, "Where the rows are, or would be; empty: whole databases were restored.");
        visit("tables", tables, "Each table.");
        visit("indexes", indexes, "What follows them.");
        visit("made_again", made_again, "The named tables were damaged: dropped, made again and filled from the backup.");
        visit("writers_blocked_ms", writers_blocked_ms, "How long writers had to wait, at most.");
    }
};

}  // namespace holdfast::operations

// DatabaseDifference: what differs between two databases, as diff tells it and as restore shows it beforehand.
#pragma once

#include "holdfast/operations/sql_rows.h"

namespace holdfast::operations {

struct RowDifference {
    std::string change;
    std::vector<Cell> before, after;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("change", change, "added, removed, changed, or moved (the same row under another rowid).");
        visit("before", before, "Its values before, as columns_before names them; empty: it is not there. A large value is cut off.");
        visit("after", after, "Its values after, as columns_after names them; empty: it is not there.");
    }
};
struct TableDifference {
    std::string name, kind, identity, note, not_compared;
    std::uint64_t added = 0, removed = 0, changed = 0, moved = 0, rows_left_out = 0;
    std::vector<std::string> columns_added, columns_removed, columns_before, columns_after, key;
    std::vector<RowDifference> rows;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("name", name, "The table.");
        visit("kind", kind, "table, virtual table, shadow table, internal table.");
        visit("identity", identity, "By what rows are paired: rowid, primary key, content (equal rows are counted).");
        visit("added", added, "Rows that are there after, and not before.");
        visit("removed", removed, "Rows that are there before, and not after.");
        visit("changed", changed, "Rows of which values differ.");
        visit("moved", moved, "Rows with the same key and values under another rowid.");
        visit("columns_added", columns_added, "Columns that are there after, and not before: rows are compared by the others.");
        visit("columns_removed", columns_removed, "Columns that are there before, and not after.");
        visit("key", key, "Columns of the primary key.");
        visit("columns_before", columns_before, "Names for the values of rows before.");
        visit("columns_after", columns_after, "Names for the values of rows after.");
        visit("rows", rows, "The rows, as far as they were asked for.");
        visit("rows_left_out", rows_left_out, "How many more there are.");
        visit("note", note, "What else should be known.");
        visit("not_compared", not_compared, "Why its rows could not be compared; the numbers mean nothing then.");
    }
};
struct SchemaDifference {
    std::string change, type, name, table, before, after;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("change", change, "added, removed, changed.");
        visit("type", type, "table, index, view, trigger.");
        visit("name", name, "Its name.");
        visit("table", table, "The table it belongs to.");
        visit("before", before, "Its SQL before; empty: it is not there.");
        visit("after", after, "Its SQL after.");
    }
};
struct DatabaseDifference {
    std::string before, after;
    bool equal = false;
    std::vector<ChangedProperty> properties;
    std::vector<SchemaDifference> schema;
    std::vector<TableDifference> tables;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("before", before, "The one database; empty: it is not there.");
        visit("after", after, "The other; empty: it is not there.");
        visit("equal", equal, "Nothing differs.");
        visit("properties", properties, "user_version and their like that differ; settings of full-text indexes (rank of notes), as SQL.");
        visit("schema", schema, "Tables, indexes, views and triggers that differ.");
        visit("tables", tables, "Tables whose rows differ; those that were named, in any case.");
    }
};

}  // namespace holdfast::operations

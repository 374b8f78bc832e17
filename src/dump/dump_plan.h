// DumpPlan: which tables of a database a dump has, in which order, and what of the rest of the schema goes with them.
#pragma once

#include <string>
#include <vector>

#include "holdfast/rows/stored_database.h"

namespace holdfast::dump {

struct TablesWanted {
    std::vector<std::string> tables = {};   // empty: all
    std::vector<std::string> exclude = {};  // these not
};

struct PlannedTable {
    const rows::Table* table = nullptr;
    rows::InsertedColumns columns;
    // An index over another table: it has no rows, and is built again from the ones there.
    bool is_rebuilt = false;
    // It is made, and stays empty: nobody can read its rows out of it.
    bool is_left_empty = false;
};

struct DumpPlan {
    std::vector<PlannedTable> tables;               // by name, but each behind those that it refers to, where there is no circle
    std::vector<const rows::SchemaObject*> views, indexes, triggers;
    bool is_whole = true;                           // no table was chosen, and none left out
    std::vector<std::string> unreadable;            // what is not in it although it was meant, and why
};

// Of `not_found`: a table that is named is not there; the nearest name is told. The database must outlive the plan.
Result<DumpPlan> plan_dump(const rows::StoredDatabase& database, const TablesWanted& wanted);

}  // namespace holdfast::dump

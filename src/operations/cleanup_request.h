// CleanupRequest: the rule of a cleanup as flags say it; without, the settings have them.
#pragma once

#include <string>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

struct CleanupRuleText {
    std::string table, column, older_than, where;  // older_than: "30d"
};
struct CleanupRequest {
    CleanupRuleText rule;
    bool is_any() const { return !rule.table.empty() || !rule.column.empty() || !rule.older_than.empty() || !rule.where.empty(); }
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(rule.table, {.name = "table", .sentence = "The table to clean up, instead of what the settings have for the database.", .value = "TABLE"});
        visit(rule.column, {.name = "column", .sentence = "Its column that says when a row happened.", .value = "COLUMN"});
        visit(rule.older_than, {.name = "older-than", .sentence = "Delete rows older than this: 30d, 12h, 4w.", .value = "AGE"});
        visit(rule.where, {.name = "where", .sentence = "Only rows for which this condition in SQL holds too.", .value = "CONDITION"});
    }
};

}  // namespace holdfast::operations

// CleanupRequest: the rules of a cleanup, one by flags, others from the settings.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

struct CleanupRuleText {
    std::string table, column, older_than, where;  // older_than: "30d"
};
struct CleanupRequest {
    CleanupRuleText rule;
    std::vector<CleanupRuleText> more;  // of the settings: used when no flag names a table
    template <class Visitor>
    void describe(Visitor& visit) {
        visit(rule.table, {.name = "table", .sentence = "The table to clean up.", .value = "TABLE"});
        visit(rule.column, {.name = "column", .sentence = "Its column that says when a row happened.", .value = "COLUMN"});
        visit(rule.older_than, {.name = "older-than", .sentence = "Delete rows older than this: 30d, 12h, 4w.", .value = "AGE"});
        visit(rule.where, {.name = "where", .sentence = "Only rows for which this condition in SQL holds too.", .value = "CONDITION"});
    }
};

}  // namespace holdfast::operations

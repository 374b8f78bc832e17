// Cleaning up: deleting rows older than an age, by rules, with everything that hangs on them by foreign keys.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/base/time.h"
#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/count_changes.h"
#include "holdfast/sqlite/image.h"

namespace holdfast::live {

struct CleanupRule {
    std::string table;
    std::string column;            // when a row happened
    std::int64_t older_than_s = 0;
    std::string where;             // a further condition, in SQL; empty: none
};

// How a value of the column is read, each by itself, as one column may hold several forms:
//   text     YYYY-MM-DD, with a time after it or not, T or a space between, Z or +HH:MM; without a zone it is UTC;
//            a day that the calendar has
//   number   since 1970: below 1e11 seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds;
//            below 1e8 (1973) it is taken for none
// What is no time by this is never deleted.
struct RuleOutcome {
    CleanupRule rule;
    std::uint64_t deleted = 0;       // by the rule itself; what cascades is counted by table only
    std::uint64_t without_time = 0;  // NULL in the column
    std::uint64_t unreadable = 0;    // something else that is no time
};
struct CleanupOutcome {
    std::vector<RuleOutcome> rules;
    std::vector<sqlite::TableChanges> changes;  // cascades and triggers included
    std::vector<std::string> shadow_tables;     // of those: where virtual tables keep what they hold
};

// `invalid`: no such table or column, a where that is no condition by itself, an age that is not positive.
Result<void> expect_sound(sqlite::Connection& connection, const CleanupRule& rule);
Result<void> expect_sound(const sqlite::Image& image, const std::vector<CleanupRule>& rules);

// Of rules for several databases those whose table this one has.
Result<void> keep_rules_for(const sqlite::Image& image, std::vector<CleanupRule>& rules);

// In the transaction that is open, with foreign keys on, rule by rule. Errors, after which the caller must roll back:
// expect_sound()'s; `invalid`: a row that is still referenced, or references broken that were not before.
Result<CleanupOutcome> clean_up(sqlite::Connection& connection, const std::vector<CleanupRule>& rules, Timestamp now, const Watch& watch);

}  // namespace holdfast::live

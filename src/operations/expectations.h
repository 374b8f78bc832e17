// Expectations: what must hold in a source's databases, looked at in backups, verifications and drills.
#pragma once

#include <string>

#include "holdfast/operations/describe.h"

namespace holdfast::operations {

// Either a query whose first value must be true (as SQL has it: a number that is not 0), or a table that may not lose more
// than a share of its rows from one backup to the next.
struct Expectation {
    std::string sql;
    std::string table;
    double loss_percent_max = 0;
    std::int64_t time_limit_s = 60;  // what is not answered by then is not met; the settings have a shorter one for each backup
};
struct ExpectationResult {
    std::string what, answer, why;
    bool met = false;
    std::string lost = {};  // what is missed, as notes name it; empty: a query
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("what", what, "The query, or the table.");
        visit("met", met, "It holds.");
        visit("answer", answer, "What the query answered, or how many rows there are.");
        visit("why", why, "Why it does not hold.");
    }
};

}  // namespace holdfast::operations

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
};
struct ExpectationResult {
    std::string what, answer, why;
    bool met = false;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("what", what, "The query, or the table.");
        visit("met", met, "It holds.");
        visit("answer", answer, "What the query answered, or how many rows there are.");
        visit("why", why, "Why it does not hold.");
    }
};

}  // namespace holdfast::operations

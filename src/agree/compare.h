// compare(): what a file says of itself against what the database says of it.
#pragma once

#include "holdfast/agree/look.h"

namespace holdfast::agree {

// placeholder: an empty file in the place of one that its application does not use: neither agreement nor damage.
enum class Verdict { agrees, disagrees, could_not, placeholder };
std::string_view name_of(Verdict verdict);

// What the database, or a file beside, says; none: nobody was asked.
struct Wanted {
    std::optional<std::vector<std::int64_t>> ids;  // in any order, also several times
    std::optional<std::uint64_t> count;
    std::optional<std::uint64_t> dimension;
};

struct MissingIds {
    std::uint64_t count = 0;
    std::vector<std::int64_t> first;  // the smallest 20, ascending
};

struct Agreement {
    Verdict verdict = Verdict::agrees;
    std::string what;                  // of which file
    std::vector<std::string> reasons;  // why it does not, or could not
    MissingIds missing_in_database, missing_in_index;
    Look facts;                        // without the ids, when they have been compared
};

Agreement compare(Look look, Wanted wanted);
// Of a look that failed. The error is not `cancelled`.
Agreement of_failure(const Error& why);

}  // namespace holdfast::agree

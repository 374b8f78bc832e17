// Scrubbing: the values of some columns replaced in a copy of a database that is given away, and every trace of them.
#pragma once

#include <string>
#include <vector>

#include "holdfast/sqlite/connection.h"

namespace holdfast::sqlite {

// All keep NULL and the type of a value, so that STRICT tables and CHECKs of the type hold.
enum class ScrubWay {
    mask,  // '***', 0, an empty blob
    null,
    hash,  // equal values stay equal, also in other tables and other copies made with the same key
};
struct ScrubRule {
    std::string table, column;
    ScrubWay way = ScrubWay::mask;
    std::string text() const { return table + "." + column; }
};
struct ScrubReport {
    std::vector<std::string> scrubbed;  // "contacts.email: hash, 12 rows"
    std::vector<std::string> absent;    // rules whose table the database does not have: "contacts.email"
    std::vector<std::string> notes;     // what else became different: an index of words that could not be made again
};

// Changes the database at `from`, which must be a copy that nobody else has, and writes the outcome to the new file `to`,
// with a column's values also those of the columns that refer to it by a foreign key, and with nothing in it that the rows do not hold: no free pages, no old words in full-text indexes, no samples in
// statistics. The same bytes come out of the same bytes. No trigger runs. `key`: whoever does not have it cannot try values.
// Errors: `invalid` when a table has no such column, when it is a view, or when a constraint forbids the new values (with the way out); those
// of SQLite. `from` is of no use afterwards.
struct ScrubFiles {
    std::string from, to;
};
Result<ScrubReport> scrub(const ScrubFiles& files, const std::vector<ScrubRule>& rules, ByteView key);

}  // namespace holdfast::sqlite

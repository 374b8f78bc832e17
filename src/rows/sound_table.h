// Whether SQLite finds a table sound: before all of it is compared with a backup, and after it was made again.
#pragma once

#include <string>

#include "holdfast/base/progress.h"
#include "holdfast/rows/schema.h"

namespace holdfast::rows {

struct Soundness {
    enum class Verdict : std::uint8_t {
        sound,
        indexes_differ,  // the rows can be read; indexes do not agree with them
        damaged,
    } verdict = Verdict::sound;
    std::string finding;  // the first one
};
// A damaged page can look as if a row were missing: what is inserted then is there twice, or lost with the page. Values that
// only break a constraint are no damage.
Result<Soundness> soundness_of(sqlite::Connection& connection, const Table& table);
Result<Soundness> soundness_of_all(sqlite::Connection& connection);

}  // namespace holdfast::rows

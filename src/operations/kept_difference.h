// What differs in one table between two backups, a row at a time.
#pragma once

#include <functional>
#include <string>

#include "holdfast/base/json.h"
#include "holdfast/operations/kept_images.h"

namespace holdfast::operations {

// Rows as JSON objects by column, values as in all of holdfast's JSON; one of more than 256 KiB is {"size": BYTES} alone.
struct DifferentRow {
    std::string change;   // added, removed, changed, moved (the same row under another rowid)
    Json key;             // by what it is known: its primary key, or {"rowid": N}; null: by nothing but its content
    Json before, after;   // null: it is not there
};
// Errors: `invalid`: neither has the table; `corrupt`, or another: its rows cannot be compared, and why; those of `take`.
struct KeptPair {
    const KeptImage& before;
    const KeptImage& after;
};
Result<void> compare_kept_table(const KeptPair& backups, const std::string& table, const std::function<Result<void>(const DifferentRow&)>& take);

}  // namespace holdfast::operations

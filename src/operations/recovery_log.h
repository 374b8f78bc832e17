// The recovery log: a Markdown file that tells people what was restored, why, what was lost and how long it took.
//
//     # Recovery Log
//
//     ## 2026-01-29: Restored app.db
//     - Cause: Accidental cleanup
//     - Backup used: #43 of 2026-01-28 23:00:00
//     - Data lost: None
//     - Time to recover: 5 minutes
//
// People write in it as well: what is there is never changed, new entries come last.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "holdfast/host/host.h"

namespace holdfast::operations {

struct RecoveryEntry {
    std::string date;            // "2026-01-29"
    std::string what;            // "Restored app.db"
    std::string cause;           // empty: not told
    std::string backup_used;
    std::string data_lost;
    double duration_ms = 0;
};
std::string markdown_of(const RecoveryEntry& entry);  // one line each, whatever is in the texts

// "5 minutes", "1 hour 20 minutes", "less than a second".
std::string time_to_recover(double duration_ms);

// At the end of the file, which is made with its title when missing, and replaced at once. `invalid`: there is a file that
// does not begin as a recovery log does; it is left alone.
Result<void> append_to_recovery_log(host::Host host, const std::string& path, const RecoveryEntry& entry);
// Whether append_to_recovery_log() would take the file, by looking.
Result<void> expect_recovery_log(host::FileSystem& files, const std::string& path);

}  // namespace holdfast::operations

// What the name of a backup file says: of which database, when, and why. Nothing of it is needed to read the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/time.h"

namespace holdfast::bundle {

// The names that applications and people give: devteam-20260129-120000.db, agent.db.backup.20251230_120000,
// agent.db.2025-12-30T12-00-00 (UTC), agent.db.before-restore.20251230_120000, prt.db.backup_20250102_153045_auto.db,
// prt_backup_20250102_153045_123456.db, prt.v5.20250102_153045.backup, app_latest.db, devteam.db.backup-1769688000,
// "app 2025-10-16 10:15:00.db", app-20251016T101500Z.db, app_20251016-1015.db.
struct BackupName {
    std::string database;            // the name of the database: "devteam.db"; empty: it cannot be told
    std::optional<CivilTime> time;   // by the clock of its maker
    bool is_utc = false;             // else local time
    bool has_time_of_day = true;     // false: only the day is known
    bool is_automatic = false;
    std::string operation;           // what it was made before: "restore", "migrate"
};
// `name` is a file's name, without folder and without the endings of its layers (.gz, .gpg).
BackupName read_backup_name(std::string_view name);

}  // namespace holdfast::bundle

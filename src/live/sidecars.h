// Sidecars: what lies beside a database (-wal, -shm, -journal), and whether it belongs there.
#pragma once

#include <string>
#include <vector>

#include "holdfast/live/freeze.h"

namespace holdfast::live {

enum class SidecarState {
    in_use,          // of somebody connected
    harmless,        // empty, or what SQLite leaves in order
    leftover_wal,    // of a process that died: what it had committed last is there, and only there
    doubtful_wal,    // likewise, but the database file was changed or replaced since: why tells
    hot_journal,     // of a process that died within a transaction: the next to open the database rolls it back
    no_database,     // the database is not there, or is empty
    other_database,  // it cannot be of this database
    unreadable,      // why tells
};
struct SidecarSeen {
    std::string path;
    SidecarState state = SidecarState::harmless;
    std::uint64_t size = 0;
    std::uint64_t pages = 0;  // committed in a leftover or doubtful WAL, or to be rolled back by a hot journal
    std::string why;          // of doubtful_wal, other_database and unreadable
};
// Of those that are there, by looking only; `path` is canonical, and need not exist. A rollback-mode database is locked
// SHARED for the look at its journal, as any reader does; where that cannot be had, the journal is in use.
Result<std::vector<SidecarSeen>> sidecars_of(host::Host host, const std::string& path, const FreezeOptions& options);

}  // namespace holdfast::live

// SimulatedVfs: SQLite itself on a simulated machine: a registered sqlite3_vfs over its files, clock and randomness, so
// that power cuts and failing steps reach SQLite's own writes, syncs and removals.
//
// As SQLite's unix VFS: the first sync of a journal or WAL by each who may make it also syncs its folder, and what that folder's
// sync answers is not looked at; names are taken as they are. Otherwise than it: the wal-index lies in memory only (no
// -shm file) and is gone with its last connection or the power; files without a name never reach the disk.
//
// Locks are those of SQLite between connections of one process, by file and not by name. Thread-safe as far as SQLite's
// own is. Connections are closed before a reboot; those left open answer with errors after it.
#pragma once

#include <memory>
#include <string>

#include "holdfast/host/host.h"

namespace holdfast::tests {

class SimulatedVfs {
public:
    explicit SimulatedVfs(host::Host host);  // a machine's, or one whose files forget
    SimulatedVfs(const SimulatedVfs&) = delete;
    SimulatedVfs& operator=(const SimulatedVfs&) = delete;
    ~SimulatedVfs();  // after all its connections
    const std::string& name() const;  // to be given where a VFS is asked for

private:
    struct Registered;
    std::unique_ptr<Registered> registered_;
};

}  // namespace holdfast::tests

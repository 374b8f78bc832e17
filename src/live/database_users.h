// DatabaseUsers: the other processes that have a database open, and whether their locks are as SQLite needs them.
#pragma once

#include <string>
#include <vector>

#include "holdfast/host/host.h"

namespace holdfast::live {

struct DatabaseUser {
    std::int64_t process = 0;
    std::string command;
    std::uint64_t connections = 0;     // descriptors on the main file: each connection has one
    bool has_wal_index = false;        // it is connected in WAL mode
    bool has_journal = false;          // it has the rollback journal open
    // By all looks, so that no moment between two locks is taken for a state:
    bool lacks_main_lock = false;      // connected in WAL mode without SHARED on the main file
    bool lacks_index_lock = false;     // likewise without the lock that says so on the -shm file
    bool lacks_write_lock = false;     // rollback mode: it is within a transaction that has a journal, without a write lock
    bool is_forked = false;            // its parent has the file open, too: descriptors are inherited by fork, locks are not
    bool is_writing = false;           // it holds a write lock, longer than a short transaction
    std::vector<std::string> gone;     // names that it has open, and that belong to other files now, or to none
    bool has_dropped_locks() const { return lacks_main_lock || lacks_index_lock || lacks_write_lock; }
};
struct DatabaseUsers {
    std::vector<DatabaseUser> found;   // by process id
    bool saw_every_process = false;    // false: some processes could not be looked at
    bool saw_locks = false;            // false: nothing is known of locks, and nothing said
};
// Looks at /proc, and at the first bytes of a journal that somebody has open; no other file of the database is opened. Where
// somebody looks suspicious it looks again, for half a second. In rollback mode only a transaction that has written has a lock
// that can be missed: nothing but its lock tells that somebody reads, or is about to write. `unavailable` without
// /proc. `path` is canonical, and need not exist.
Result<DatabaseUsers> users_of(host::Host host, const std::string& path);

// "process 4711 (python3)"
std::string in_words(const DatabaseUser& user);

}  // namespace holdfast::live

// A database's place: its path, the names of its sidecars, and a lock waited for. For this room only.
#pragma once

#include <string>

#include "holdfast/live/freeze.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::live {

struct Place {
    host::Host host;
    std::string path;
    FreezeOptions options;
    std::string wal() const { return path + "-wal"; }
    std::string shm() const { return path + "-shm"; }
    std::string journal() const { return path + "-journal"; }
};

Result<sqlite::RawFile> open_raw(const Place& place, sqlite::RawFileKind kind);

// SHARED, waited for until the busy timeout. `busy` says who has the file open, as far as can be seen.
Result<void> wait_for_shared(const Place& place, sqlite::RawFile& file);

// Takes a name and gives up on `busy` only when the time is over.
Error say_who_is_there(const Place& place, Error busy);

// The ways of freezing, each with the main file locked SHARED. They take it over.
struct Locked {
    sqlite::RawFile file;
    sqlite::DatabaseHeader header;
    std::int64_t since_ns = 0;  // monotonic, when the lock was had
};
Result<std::unique_ptr<Frozen>> freeze_rollback(const Place& place, Locked locked);
// nullptr: there is no hot journal.
Result<std::unique_ptr<Frozen>> freeze_hot_journal(const Place& place, Locked& locked);
Result<std::unique_ptr<Frozen>> freeze_wal(const Place& place, Locked locked);
std::unique_ptr<Frozen> frozen_empty(const Place& place, const host::FileStatus& status);

Result<sqlite::PageNumber> whole_pages(std::uint64_t size, sqlite::PageSize page_size, const std::string& path);

}  // namespace holdfast::live

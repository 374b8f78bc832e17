// Freezing a WAL database that nobody is connected to, without connecting to it: that would leave files behind, and
// the last one to go would write what a crash left in the WAL into the database.
#pragma once

#include <memory>

#include "holdfast/live/database_files.h"

namespace holdfast::live {

// `files` is locked SHARED, and `seen` is what wal_index_state() said since: absent or unconnected.
Result<std::unique_ptr<Frozen>> freeze_unconnected(DatabaseFiles files, sqlite::RawFile::WalIndexState seen);

}  // namespace holdfast::live

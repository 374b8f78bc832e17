// Freezing a WAL database that others are connected to: a read transaction holds it, the bytes are read past SQLite.
#pragma once

#include <memory>

#include "holdfast/live/database_files.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

// Begins a read transaction, which keeps what is committed now from being overwritten. Reads no schema: what holds the
// database must work on one whose schema is damaged.
Result<void> pin(sqlite::Connection& reader);

// `files` is locked SHARED, and wal_index_state() said `connected` since.
Result<std::unique_ptr<Frozen>> freeze_pinned(DatabaseFiles files);

}  // namespace holdfast::live

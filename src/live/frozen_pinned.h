// Freezing a WAL database that others are connected to: a read transaction holds it, the bytes are read past SQLite.
#pragma once

#include <memory>

#include "holdfast/live/database_files.h"

namespace holdfast::live {

// `files` is locked SHARED, and wal_index_state() said `connected` since.
Result<std::unique_ptr<Frozen>> freeze_pinned(DatabaseFiles files);

}  // namespace holdfast::live

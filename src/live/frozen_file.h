// The ways of freezing a database whose file holds still while SHARED is held: rollback journals, hot or not, and
// databases without a byte.
#pragma once

#include <memory>

#include "holdfast/host/clock.h"
#include "holdfast/live/database_files.h"
#include "holdfast/live/hot_journal.h"

namespace holdfast::live {

// All: `files` is locked SHARED since `locked` was started, or this process holds the write lock itself.
Result<std::unique_ptr<Frozen>> freeze_rollback(DatabaseFiles files, host::Stopwatch locked);
Result<std::unique_ptr<Frozen>> freeze_empty(DatabaseFiles files, host::Stopwatch locked);
// A WAL beside a hot journal lies over the database that the journal brings back, as it would for SQLite.
Result<std::unique_ptr<Frozen>> freeze_hot_journal(DatabaseFiles files, HotJournal journal, host::Stopwatch locked);

}  // namespace holdfast::live

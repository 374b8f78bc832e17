// Freezing a database through SQLite's backup API, where its bytes cannot be proven past SQLite.
#pragma once

#include <memory>

#include "holdfast/live/database_files.h"
#include "holdfast/sqlite/connection.h"

namespace holdfast::live {

// `reader` has a read transaction open. The copy lies in the user's cache folder (0700) until the frozen database's
// life ends; one that a crash left there is removed by the next. As the backup API writes it, the schema cookie and the
// change counter of page 1 differ from the original's.
Result<std::unique_ptr<Frozen>> freeze_by_copy(DatabaseFiles files, sqlite::Connection reader);

}  // namespace holdfast::live

// Hot journals: what an interrupted transaction left behind, and which every reader of the database must take into
// account.
#pragma once

#include <optional>

#include "holdfast/live/database_files.h"
#include "holdfast/sqlite/rollback_journal.h"

namespace holdfast::live {

struct HotJournal {
    sqlite::RawFile file;
    sqlite::JournalMap map;
};
// By SQLite's own rules: a journal with a header, nobody holds RESERVED, the super-journal that it names (if it names
// one) is there. The main file must be locked SHARED and not empty. One that cannot be read is an error: it may hold
// the true content.
Result<std::optional<HotJournal>> find_hot_journal(const DatabaseFiles& files);

}  // namespace holdfast::live

// A restore in place that was interrupted while it exchanged the files of a set: found, and finished or taken back.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

// What it was about, as its journal tells.
struct UnfinishedRestore {
    struct Database {
        std::string path, from;  // where it is restored to; its name in the backup
    };
    std::uint64_t number = 0;    // of the backup that is restored
    std::string repository;
    std::uint64_t safety_number = 0;  // 0: there was nothing to keep
    std::string safety_repository;
    std::vector<Database> databases;
    std::vector<std::string> source;  // databases of the source that the set is of
};
Bytes encode(const UnfinishedRestore& restore);
Result<UnfinishedRestore> decode_unfinished_restore(ByteView bytes);

enum class WhenUnclear {
    refuse,   // touch nothing
    abandon,  // keep all as it is now, and forget the interruption: what comes replaces the whole set
};
// Whether the files that belong to these databases are being exchanged right now, or were when that was interrupted.
Result<bool> is_set_being_replaced(Context& context, const std::vector<std::string>& databases);

// Where the journal of a restore lies: beside that. Outside of what is replaced.
std::string place_of_journal(const std::vector<std::string>& databases, const std::vector<std::string>& companions);

// Looks for those that are of one of these databases. While no database had been replaced the files are put back; when all had, the rest is done;
// when some had, the others are replaced now. What was done, for people; mostly nothing. `opened` may be null: then databases
// cannot be compared. busy: a restore is at work there now. invalid: it cannot be told which state a database is in, as others
// have written to it since; the advice names both ways on.
Result<std::vector<std::string>> mend_unfinished_restores(Context& context, OpenRepository* opened, const std::vector<std::string>& databases, WhenUnclear when_unclear);

}  // namespace holdfast::operations

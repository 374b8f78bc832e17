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

// One of these databases' sources, for people, by looking only: nothing is mended.
struct UnfinishedSeen {
    enum class Is : std::uint8_t {
        staged,       // interrupted before it had replaced anything
        leftover,     // at its very beginning, or when all was over: which of them is not known
        over,         // when all was over, while it removed what it no longer needed
        at_work,      // exchanging files now
        interrupted,  // while it exchanged files, or between them and the databases
        not_known,    // its journal cannot be read
    };
    Is is = Is::interrupted;
    std::string journal;       // the folder that its journal lies in
    std::string what, remedy;  // the remedy is empty where none is needed
    bool is_harmless() const { return is == Is::staged || is == Is::leftover || is == Is::over || is == Is::at_work; }
    std::string in_words() const { return remedy.empty() ? what : what + ": " + remedy; }
};
std::vector<UnfinishedSeen> unfinished_restores(Context& context, const std::vector<std::string>& databases);
// Those by which what is there now may be of two moments, as sentences.
std::vector<std::string> told_unfinished(Context& context, const std::vector<std::string>& databases);
// The same of one database and those that the settings have in a source with it.
std::vector<std::string> told_unfinished(Context& context, const RepositoryRequest& request, const std::string& database);
// For what would write without mending first. busy: one was interrupted there; the advice ends it.
Result<void> expect_none_interrupted(Context& context, const RepositoryRequest& request, const std::string& database);

// Where the journal of a restore lies: beside that. Outside of what is replaced.
std::string place_of_journal(const std::vector<std::string>& databases, const std::vector<std::string>& companions);

// What was done, for people; mostly nothing.
struct MendedRestores {
    std::vector<std::string> told;
    bool is_any_mended = false;  // else those that are told had replaced nothing: what they had staged is removed
};
// Looks for those that are of one of these databases. While no database had been replaced the files are put back; when all had, the rest is done;
// when some had, the others are replaced now. `opened` may be null: then databases
// cannot be compared. busy: a restore is at work there now. invalid: it cannot be told which state a database is in, as others
// have written to it since; the advice names both ways on.
Result<MendedRestores> mend_unfinished_restores(Context& context, OpenRepository* opened, const std::vector<std::string>& databases, WhenUnclear when_unclear);

}  // namespace holdfast::operations

// A companion that is to be restored where it was: what the backup has of it, and what is there now.
#pragma once

#include <map>
#include <set>
#include <string>

#include "holdfast/operations/companions.h"
#include "holdfast/operations/restore.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// By paths below its root, which itself is ""; a folder before what lies in it.
using CompanionEntries = std::map<std::string, repository::DirectoryEntry>;

enum class Extras { stay, go };  // what is there and not in the backup

struct CompanionInPlace {
    CompanionPlan plan;      // how what is there is looked at: by the rules that the backup was made by
    CompanionEntries then;   // as in the backup
    CompanionEntries now;    // as it is; of content only the size
    Extras extras = Extras::stay;
    std::set<std::string> staying = {};  // folders that are not in the backup, and stay although such go, for what the rules leave out lies in them
    std::vector<std::string> excepted = {};   // where such go: what stays all the same, as no backup of the state before would have it; for people
    std::set<std::string> with_secrets = {};  // files that stay, as no backup holds them whole; in neither of the two above
};
struct CompanionTarget {
    const repository::DirectoryEntry& entry;
    std::string path;
    bool was_missing = false;  // of the entry the rules count
};
// By looking only. Obstacles refuse it: `exists`, something lies in the way that no backup could bring back; `invalid`, other
// file systems are mounted in it; `denied`; `full`.
Result<CompanionInPlace> look_at_place(Context& context, const repository::Repository& repository, const CompanionTarget& target, const NeverTaken& never, Extras extras);

// What is there alone, of one that stays as it is.
Result<CompanionInPlace> look_at_staying(Context& context, const CompanionTarget& target, const NeverTaken& never);

// As a backup has it, of that repository. The index is open.
Result<CompanionEntries> entries_below(const repository::Repository& repository, const repository::DirectoryEntry& top);

// Whether a file or link must be written again: kind, content, mode, time, target or, where this process may give files
// away, owner. Folders never.
enum class Known { size, content };  // of what is there
bool is_to_be_written(const repository::DirectoryEntry& then, const repository::DirectoryEntry* now, Known known);

// For people, of one in `staying`.
std::string why_it_stays(const std::string& folder);

// What would become of it, in counts.
void tell_changes(const CompanionInPlace& companion, RestoredCompanion& report);

}  // namespace holdfast::operations

// SoughtCompanion: a companion of which old copies may lie among the files that are adopted.
#pragma once

#include <set>

#include "holdfast/live/path_patterns.h"
#include "holdfast/operations/adopt.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::operations {

struct SoughtCompanion {
    std::string path;                     // canonical
    repository::CompanionRules rules = {};
    live::PathPatterns include, exclude;
    std::set<std::string> shapes = {};    // of the names of the files in it now; empty: nothing is known of them
    std::set<std::string> folders = {};   // those that lie in it now, without those in them
    std::vector<std::string> given = {};  // old copies of it that a person named: canonical
    std::string why_not = {};             // not empty: no copy of it is taken, and why

    // By its rules: whether what has that path in it would be kept, a folder for its own sake.
    bool takes(const std::string& path_in_it, host::FileKind kind) const;
};
// Those of the settings of the source that has the database, and those of `--companion PATH=OLD`. `invalid`: such a flag that
// names none of the settings' companions although there are some; `not_found`: an old copy that is not there.
Result<std::vector<SoughtCompanion>> sought_companions(Context& context, const AdoptRequest& request, const LoadedSettings& loaded, const std::string& database);

// The source of the settings that has it; empty: none has, or several have.
Result<std::string> source_with(Context& context, const LoadedSettings& loaded, const std::string& database);

// What names of one kind have in common: "12.meta.json" and "7.meta.json" are "#.meta.json".
std::string shape_of(std::string_view name);

}  // namespace holdfast::operations

// keep_companion(): one companion into a session: the files of its folders, and the listings that tell of them.
#pragma once

#include "holdfast/history/recorder.h"
#include "holdfast/repository/session.h"

namespace holdfast::history {

struct CompanionPast {
    std::optional<KeptBefore> before;  // as it was kept the last time; one that has gone, or cannot be read, is done without
    std::string lineage;               // of its source, for caches
    bool everything = false;           // --full: read and name every file, believe no cache
};
Result<KeptCompanion> keep_companion(repository::Session& session, CompanionPast past, const CompanionToKeep& companion, const Watch& watch);

}  // namespace holdfast::history

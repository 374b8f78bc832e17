// The companions of a source in a backup: looked at before its databases are frozen, kept after that, and looked at again.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/history/recorder.h"
#include "holdfast/operations/backup.h"
#include "holdfast/operations/companion_clones.h"
#include "holdfast/operations/emptied_companion.h"
#include "holdfast/operations/known_companion.h"

namespace holdfast::operations {

struct CompanionPlan {
    live::CompanionOrder order;
    bool is_optional = false;
    bool is_of_state_before = false;  // it is about to be replaced: what is told of it is over by then
    repository::CompanionRules rules = {};  // those of the order, as they are kept with what they chose
    KnownCompanion known = {};  // since it was last kept
    std::string led_elsewhere = {};  // a warning: its name leads elsewhere than in the backup before
    // Why one that has to be there and holds so little is not as it should be; none: that is not asked.
    std::function<Result<std::optional<std::string>>(Holds now)> why_emptied = {};
};
// What it never takes: databases that are kept as such, repositories, this one and others, and what else is holdfast's own
// (own_places.h), all by canonical paths.
struct NeverTaken {
    std::vector<std::string> databases;
    std::string repository;
    std::vector<std::string> own = {};
};
// `invalid`: a pattern that can match nothing, or two that do not fit together (named_companion.h). The context outlives the plans.
Result<std::vector<CompanionPlan>> companion_plans(Context& context, const std::vector<CompanionRequest>& wanted, const NeverTaken& never);

// By the rules that an earlier backup was made by. `path` is canonical, but for its last part.
Result<CompanionPlan> companion_plan(Context& context, const std::string& path, repository::CompanionRules rules, const NeverTaken& never);

// One companion as it was seen, and what became of it.
struct SeenCompanion {
    const CompanionPlan* plan = nullptr;
    TimedLook look;
    std::optional<Error> failure;  // it cannot be looked at, or is not there although it should be
    bool is_missing = false;       // whether it should be there or not
    CompanionClones clones;
    // What is no longer as it was seen is left out, to be read again from the beginning; or it is read as it is by then, and told as
    // changing: of a log that is written to all the time there is something in any backup.
    enum class Reading : std::uint8_t { as_seen, as_it_is } reading = Reading::as_seen;
};
// Waits a little where something has changed just now. What is to be read is cloned, where it can be.
Result<std::vector<SeenCompanion>> look_at_companions(Context& context, const std::vector<CompanionPlan>& plans);

struct KeptCompanion {
    BackupCompanion report;
    std::vector<std::string> warnings;
    std::optional<repository::MissingCompanion> missing;  // it is not there
    // Files that were there at the look or in the backup before, and are not in it: one that is written anew by being removed first is
    // not there for an instant. Whether they are missed is known when it is known whether the companion rested.
    std::vector<std::string> vanished;
    std::optional<TimedLook> look;  // to be remembered with the content; none: nothing new is known
    repository::Content content{};
};
// By one look each: companions that are as they were when they were last kept, all of them; else none.
Result<std::optional<std::vector<KeptCompanion>>> companions_as_before(Context& context, const std::vector<CompanionPlan>& plans);

// What a backup would tell of them, by one look each: what is missing or has been emptied, what would be left out, how much is there.
// What of it goes on changing is not known before the backup is made.
Result<std::vector<BackupCompanion>> rehearse_companions(Context& context, const std::vector<CompanionPlan>& plans);

// Keeps what was seen. An Error is none of the files': the backup cannot go on.
Result<std::vector<KeptCompanion>> keep_companions(Context& context, history::Recorder& recorder, const std::vector<SeenCompanion>& seen);

// Of one that did not rest to the end: what has vanished makes the backup lack something, and is named.
void tell_vanished(history::Recorder& recorder, KeptCompanion& kept);

// By another look: what has changed since they were seen, for each companion, but for what may have, as a clone of it was read.
// Nothing: what was kept is of one moment, that of the look, and of every moment until the clones looked again.
Result<std::vector<std::vector<std::string>>> changed_since(Context& context, const std::vector<SeenCompanion>& seen);

}  // namespace holdfast::operations

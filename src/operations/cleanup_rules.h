// Which rules clean up a database: those of the command line, else those of its source in the settings.
#pragma once

#include "holdfast/live/clean_up.h"
#include "holdfast/operations/cleanup_request.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

// A rule of flags replaces those of the settings. Rules of a source with several databases count where their tables are.
// None: there are no rules. `invalid`: a rule that is not whole. `database` is canonical.
struct CleanupQuestion {
    const CleanupRequest& said;
    const SettingsRequest& settings;
    const std::string& database;
};
Result<std::vector<live::CleanupRule>> cleanup_rules(Context& context, const CleanupQuestion& question);

}  // namespace holdfast::operations

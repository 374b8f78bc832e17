// rebuild_companion(): one companion built again, here or in the background, and what is known of the last time.
#pragma once

#include "holdfast/operations/hooks.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/rebuild.h"

namespace holdfast::operations {

// Of the settings; all outlive it.
struct CompanionToRebuild {
    const LoadedSettings& loaded;
    std::string source;
    const CompanionSettings& companion;  // it has a rebuild
};
// Those of a source that have one, in their order.
std::vector<CompanionToRebuild> companions_to_rebuild(const LoadedSettings& loaded, const std::string& source);

// Runs it to its end. One at a time for each companion: another that runs is waited for, as long as this one may take. What
// becomes of it is in the report, and remembered for status, also when this process dies. `facts`: its companion is filled in.
struct RebuildDone {
    RebuildRun run;
    std::vector<std::string> warnings;
};
RebuildDone rebuild_companion(Context& context, const CompanionToRebuild& what, HookFacts facts);

// Starts this program with it, to outlive this one.
RebuildDone rebuild_in_background(Context& context, const CompanionToRebuild& what);

// How the last one goes or went; none: nothing is known of one.
Result<std::optional<RebuildRun>> last_rebuild(Context& context, const CompanionToRebuild& what);

// The command that runs it again, for people.
std::string rebuild_command(const CompanionToRebuild& what);

}  // namespace holdfast::operations

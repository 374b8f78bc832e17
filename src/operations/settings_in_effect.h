// What the settings say, in the forms in which operations take it.
#pragma once

#include "holdfast/live/clean_up.h"
#include "holdfast/operations/expectations.h"
#include "holdfast/operations/hooks.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/policies.h"
#include "holdfast/operations/status.h"
#include "holdfast/sqlite/scrub.h"

namespace holdfast::operations {

Result<Policies> policies_of(const Settings& settings);
Result<history::RetentionRule> rule_of(const KeepSettings& keep);

// Those for every source, and then the source's own. Commands run in the settings' folder.
Hooks hooks_of(const LoadedSettings& loaded, const std::string& source);

std::optional<QuiesceHooks> quiesce_of(const LoadedSettings& loaded, const SourceSettings& source);

// How a companion is built again.
Hook rebuild_hook(const LoadedSettings& loaded, const RebuildSettings& rebuild);

// None when the settings do not have the source.
std::vector<Expectation> expectations_of(const LoadedSettings& loaded, const std::string& source);

std::vector<live::CleanupRule> cleanup_of(const LoadedSettings& loaded, const std::string& source);

// Free bytes below which is warned, and below which there are too few. By the settings; without a settings file by what a
// restore, a vacuum or a drill of a database of that size needs, so that a small machine without settings is not told of
// gigabytes that it never had.
struct RoomWanted {
    std::uint64_t warn = 0, least = 0;
};
RoomWanted room_wanted(const LoadedSettings& loaded, std::uint64_t database_bytes);

// Without a settings file there is no target.
StatusTargets targets_of(const LoadedSettings& loaded);

std::vector<sqlite::ScrubRule> scrub_rules_of(const Settings& settings);

}  // namespace holdfast::operations

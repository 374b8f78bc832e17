// The settings as the values that operations take: policies, hooks, expectations, targets.
#pragma once

#include "holdfast/operations/expectations.h"
#include "holdfast/operations/hooks.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/policies.h"
#include "holdfast/operations/status.h"

namespace holdfast::operations {

// What a source says of itself goes before what is said of all.
Policies policies_of(const Settings& settings);

// The hooks of all, then those of the source, when the settings have it. Commands run in the settings' folder.
Hooks hooks_of(const LoadedSettings& loaded, const std::string& source);

// None when the settings do not have the source.
std::vector<Expectation> expectations_of(const LoadedSettings& loaded, const std::string& source);

// Of the scenario that was drilled last; without a settings file nothing can be missed.
StatusTargets targets_of(const LoadedSettings& loaded);

}  // namespace holdfast::operations

// Where schedules are put: systemd units of the user, and the user's crontab.
#pragma once

#include "holdfast/operations/context.h"
#include "holdfast/operations/schedule_definitions.h"

namespace holdfast::operations {

// Whether a systemd of this user answers.
bool user_systemd_runs(Context& context);
std::string unit_folder();  // $XDG_CONFIG_HOME or ~/.config, then systemd/user

// Written, known to systemd, and their timers started; their paths. `exists`, with nothing changed: a unit of that name is
// somebody else's.
Result<std::vector<std::string>> install_units(Context& context, const std::vector<DefinitionFile>& units);
// Stopped and removed. What is no unit of ours any more is left alone; the paths of those removed.
Result<std::vector<std::string>> remove_units(Context& context, const std::vector<std::string>& paths);

Result<std::string> read_crontab(Context& context);  // "" when there is none
Result<void> write_crontab(Context& context, const std::string& text);

}  // namespace holdfast::operations

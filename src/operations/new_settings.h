// The holdfast.toml that init writes: whether, with which sources, and the writing.
#pragma once

#include <optional>

#include "holdfast/operations/init.h"
#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/profile.h"

namespace holdfast::operations {

struct NewSettings {
    LoadedSettings present;               // those that there are, and stay; else the defaults
    LoadedSettings above;                 // of a project above, where new ones are written: they counted here until now
    RepositorySettings unlock = {};       // how the repository that is used is unlocked, where the settings above say it
    std::optional<Profile> profile;       // whose settings they are to be
    std::string file;                     // to be written; empty: none
    std::vector<std::string> databases;   // canonical, of its sources
    std::string note;
    bool is_wanted() const { return !file.empty(); }
};
// Looks and decides, before anything is made. An error where a database that is named is none, or the settings that are
// there cannot be read; where there is no such profile.
Result<NewSettings> plan_new_settings(Context& context, const InitRequest& request);

// After success the file is there, durably, or the report's note says why it is not: the repository was made, and is as
// good without. Then the profile's scripts, where they are wanted. Never over another file.
Result<void> write_new_settings(Context& context, const InitRequest& request, const NewSettings& plan, InitReport& report);

}  // namespace holdfast::operations

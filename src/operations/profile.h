// Profiles: settings for the layout of a known application, with the scripts that its users know. They lie in the
// installation as files that anybody can read: share/holdfast/profiles/NAME.toml, and NAME/scripts/ beside it.
#pragma once

#include <string>
#include <vector>

#include "holdfast/operations/context.h"
#include "holdfast/operations/settings_pages.h"

namespace holdfast::operations {

struct Profile {
    std::string name, text;
    std::string scripts;                    // the folder that has them; empty: there are none
};
// `invalid`: there is no such profile, and which there are; `unavailable`: the installation has none.
Result<Profile> find_profile(Context& context, const std::string& name);

// The settings that a profile makes in a place.
struct ProfileSettings {
    std::string text;
    std::string note;                       // what should be known of its databases; empty: nothing
};
struct ProfilePlace {
    std::string file;                       // where the settings will lie
    NewFileText repository;
};
// The profile's own text, with the repository of the plan. Where it names its databases in several ways ("databases = ..."
// and "#databases = ..." right behind it), the first way that finds them is the one in use.
Result<ProfileSettings> profile_settings(Context& context, const Profile& profile, const ProfilePlace& place);

struct WrittenScripts {
    std::vector<std::string> made, left_alone;  // paths
};
// Into the folder `scripts` of `project`, executable, each whole or not at all, and never over another file.
Result<WrittenScripts> write_scripts(Context& context, const Profile& profile, const std::string& project);

// What that would do. Nothing is touched.
Result<WrittenScripts> rehearse_scripts(Context& context, const Profile& profile, const std::string& project);

}  // namespace holdfast::operations

// A TOML tree read into Settings by their description: every key that is unknown, of a wrong type or of no possible form
// becomes a problem with its line; and of every value it is kept where it came from.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "holdfast/operations/setting_forms.h"
#include "holdfast/operations/settings.h"
#include "holdfast/operations/toml_tree.h"

namespace holdfast::operations {

// Where one value stands.
struct SettingOrigin {
    std::uint32_t line = 0, column = 0;
    bool is_overlaid = false;             // in the table of the environment
    std::vector<std::string> variables;   // that it names
    std::string written;                  // as it stands there, where that must be shown instead of what it came to
};

struct ReadingSettings {
    PathBase base;
    bool is_rehearsal = false;            // of an environment that was not chosen: its variables need not be set
    std::vector<SettingsProblem> problems;
    std::map<std::string, SettingOrigin> origins;  // by key, "source.app.expect[1].sql"; tables too
};

// `prefix` stands before the keys of problems ("environment.production."). Where a value is a problem, the default stays.
void read_settings_table(const TomlNode& root, Settings& settings, ReadingSettings& reading, const std::string& prefix = "");

}  // namespace holdfast::operations

// Where the settings lie, and whether they may be believed: they run commands.
#pragma once

#include <optional>
#include <string>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

constexpr std::string_view settings_file_name = "holdfast.toml";

struct SettingsPlace {
    std::string file;            // absolute; its folder is canonical
    bool is_named = false;       // by --settings or $HOLDFAST_SETTINGS
};
bool is_without_settings(const SettingsRequest& request);  // "none" is asked for
// The one that is named; else the nearest in the working folder or above it; none: empty, also for "none". A file that is
// named need not exist. `denied`: others than its reader and root could write it (a found one must also belong to one of
// these two, and its folder too).
Result<std::optional<SettingsPlace>> find_settings(Context& context, const SettingsRequest& request);

}  // namespace holdfast::operations

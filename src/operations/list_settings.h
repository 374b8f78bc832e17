// Every value of settings as text, with where it came from.
#pragma once

#include "holdfast/operations/load_settings.h"
#include "holdfast/operations/read_settings_table.h"

namespace holdfast::operations {

std::vector<SettingValue> list_settings(const Settings& settings, const std::map<std::string, SettingOrigin>& origins);

}  // namespace holdfast::operations

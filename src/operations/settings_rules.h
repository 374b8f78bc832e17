// What no key alone can say of settings: values that contradict each other, or that nothing could be done with.
#pragma once

#include "holdfast/host/file_system.h"
#include "holdfast/operations/read_settings_table.h"

namespace holdfast::operations {

// Adds a problem for each. Looks at files only to know whether two paths are the same database.
void check_settings_rules(host::FileSystem& files, const Settings& settings, ReadingSettings& reading);

}  // namespace holdfast::operations

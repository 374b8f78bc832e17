// Small JSON files in the state folder: what is known on this machine from one command to the next.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "holdfast/base/json.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

// Atomically, and for this user alone; folders are made.
Result<void> keep_state(Context& context, const std::string& path, const Json& json);
// None: there is no such file. `corrupt`, with that advice: it is no JSON object.
Result<std::optional<Json>> read_state(Context& context, const std::string& path, std::string_view advice);

std::string text_in_state(const Json& json, std::string_view key);                 // empty: it is not there
std::optional<Timestamp> time_in_state(const Json& json, std::string_view key);    // nanoseconds; 0 is none

}  // namespace holdfast::operations

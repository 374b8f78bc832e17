// What a request for SQL gives: the text of the script, and values for its parameters. For this room only.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/live/statements.h"
#include "holdfast/operations/context.h"
#include "holdfast/operations/script_request.h"

namespace holdfast::operations {

// `invalid`: there is none, or there are two; `how` is the advice then.
Result<std::string> text_of_script(Context& context, const ScriptRequest& request, std::string_view how);
Result<std::vector<live::Parameter>> parameters_of(const ScriptRequest& request);

// NAME=VALUE of a flag.
Result<std::pair<std::string, std::string>> split_pair(const std::string& text, std::string_view flag);

}  // namespace holdfast::operations

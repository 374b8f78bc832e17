// redacted_file(): a file as a redacted companion keeps it: a text without its secrets.
#pragma once

#include <string>
#include <vector>

#include "holdfast/host/file_system.h"
#include "holdfast/operations/context.h"

namespace holdfast::operations {

struct RedactedFile {
    std::string text;
    std::vector<std::string> removed;  // "API_KEY", or "line 3: random look"; never a value
    bool had_secrets = false;          // the text is not what the file holds
};
// `invalid`: it is no text, or too large to be one, so that no secret could be seen in it; `busy`: it is no longer as a walk
// saw it; what SettledFile says.
Result<RedactedFile> redacted_file(Context& context, const std::string& path, const host::FileStatus& seen);

// Whether a backup of it would lack something. What cannot be told is taken to hold secrets. False: it is not there, or is
// no regular file.
bool holds_secrets(Context& context, const std::string& path);

}  // namespace holdfast::operations

// The part of a diff that is about companions.
#pragma once

#include <optional>

#include "holdfast/operations/diff.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

struct FilesToDiff {
    // A backup of the repository; 0 and not live: a file, which has no companions.
    struct Side {
        std::uint64_t number = 0;
        bool is_live = false;
    } before, after;
};
// None: a side has no companions to speak of, or the request is about something else. A live side is that of the other's source.
Result<std::optional<FilesDifference>> diff_files(Context& context, OpenRepository* opened, const DiffRequest& request, const FilesToDiff& sides);

}  // namespace holdfast::operations

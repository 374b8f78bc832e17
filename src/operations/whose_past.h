// Whose past adopted backups are: a source, and the database in it.
#pragma once

#include "holdfast/history/recorder.h"
#include "holdfast/operations/adopt.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

struct Past {
    history::SourceIdentity source;
    std::string member;  // canonical path of the database
};
// `invalid`, with a guess, when the request does not say; when --source names one of several databases.
Result<Past> whose_past(Context& context, OpenRepository& opened, const AdoptRequest& request, const std::string& first_file);

}  // namespace holdfast::operations

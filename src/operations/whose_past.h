// Whose past adopted backups are: a source, and the database in it.
#pragma once

#include "holdfast/history/recorder.h"
#include "holdfast/operations/adopt.h"
#include "holdfast/operations/adoptable_files.h"
#include "holdfast/operations/open_repository.h"

namespace holdfast::operations {

struct Past {
    history::SourceIdentity source;
    std::string member;  // canonical path of the database
};
// Bundles of ours say it themselves, where all are of one source that the repository has. `invalid`, with a guess, when
// neither they nor the request say; when --source names one of several databases.
Result<Past> whose_past(Context& context, OpenRepository& opened, const AdoptRequest& request, const std::vector<AdoptableFile>& files);

}  // namespace holdfast::operations

// Publishing: copies that are written and proven get their names, and the catalogue and all that lies beside them follow.
#pragma once

#include <vector>

#include "holdfast/operations/copy_folder.h"
#include "holdfast/operations/copy_on_its_way.h"
#include "holdfast/operations/plain_copy_order.h"

namespace holdfast::operations {

// A copy of one database, as it will be recorded. record.file is the name it should have; it gets it, or one near it.
struct CopyToPublish {
    bundle::CopyRecord record;
    CopyOnItsWay copy;
    std::optional<CopyOnItsWay> latest;  // the second file, where one is wanted
};

// The folder is locked meanwhile. What fails is told in the report, for each copy by itself.
void publish_copies(Context& context, CopyFolder& folder, std::vector<CopyToPublish>& copies, const PlainCopyOrder& order, PlainCopiesReport& report);

// The list for applications alone, as it should be: somebody may have removed it, or copies.
void publish_metadata(Context& context, CopyFolder& folder, const PlainCopyOrder& order, PlainCopiesReport& report);

// What the name of the newest copy stands for now, seen from a copy that would take it.
enum class LatestPlace {
    free,     // nothing is there
    ours,     // an older copy of the same database
    newer,    // a newer one of it
    foreign,  // what holdfast has not written, or somebody changed: it is left alone
};
Result<LatestPlace> latest_place(Context& context, const CopyFolder& folder, const bundle::CopyRecord& record, const std::string& name);

}  // namespace holdfast::operations

// What a plain copy of one thing of a backup is called and recorded as, and whether there is one already.
#pragma once

#include "holdfast/operations/copy_folder.h"
#include "holdfast/operations/plain_copy_order.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::operations {

// What is copied.
struct CopySubject {
    std::string what;       // as in bundle::CopyRecord
    std::string name;       // a database's or companion's path; the name of the source
    std::string file_name;  // for the names of copies
};
// Without what is known only when it is written.
Result<bundle::CopyRecord> record_of(const repository::Snapshot& snapshot, const CopySubject& subject, const PlainCopyOrder& order);

// Whether a copy of this very backup is there and can do for one that would be written: an unchanged database answers with the
// backup that there is, and with its copy. One that was changed cannot.
Result<bool> is_told_as_there(const CopyFolder& folder, const bundle::CopyRecord& wanted, PlainCopy& told);

// Of the copies that would go, those that would be left alone as somebody has changed them do not.
Result<void> rehearse_rotation(Context& context, CopyFolder& folder, const bundle::CopyRecord& record, const PlainCopyOrder& order, PlainCopiesReport& report);

}  // namespace holdfast::operations

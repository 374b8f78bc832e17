// A restore that makes one run of bytes: a compressed file, or a database on standard output.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/restore.h"
#include "holdfast/operations/selection.h"

namespace holdfast::operations {

bool is_packed(const RestoreRequest& request);  // --compress, or --to -

// `invalid` before anything is opened: words that do not go together.
Result<void> expect_packable(const RestoreRequest& request);

// `invalid`, before anything is opened: --to has a name that says another format than what would be written there.
Result<void> expect_true_target(Context& context, const RestoreRequest& request);

// One database. Every byte of it is proven before the first is given out. A file is written aside, synced, named, read back,
// decompressed and compared; what standard output takes cannot be read back.
Result<RestoredMember> restore_packed(Context& context, OpenRepository& opened, const Selection& selection, const RestoreRequest& request);

}  // namespace holdfast::operations

// Plain copies: a backup's databases also as ordinary files in a folder, rotated by a policy of their own.
#pragma once

#include "holdfast/operations/open_repository.h"
#include "holdfast/operations/plain_copy_order.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::operations {

// To be called when the backup has been committed, with its snapshot: what goes wrong is told, and the backup stands. Each
// copy is written and proven beside its place before anything there changes; then it gets a name that nothing has; then
// older copies that the policy drops are removed, if they are still what was written. A copy of this very backup that is
// there already is enough. Damaged databases are not copied: they would push good ones out.
PlainCopiesReport make_plain_copies(Context& context, OpenRepository& opened, const repository::Snapshot& snapshot, const PlainCopyOrder& order);

// What that would do: the names it would write and remove. Nothing is touched. Of the snapshot its number, id, time, kind
// and members' names are looked at.
Result<PlainCopiesReport> rehearse_plain_copies(Context& context, const repository::Snapshot& snapshot, const PlainCopyOrder& order);

}  // namespace holdfast::operations

// Rotation: which plain copies the copies' own retention drops.
#pragma once

#include <vector>

#include "holdfast/operations/copy_folder.h"
#include "holdfast/operations/plain_copy_order.h"

namespace holdfast::operations {

// Of the records that are copies of the same database as `like` (of the same machine), those that go: indexes, ascending.
// The newest never goes.
Result<std::vector<std::size_t>> rotated_out(Context& context, const std::vector<bundle::CopyRecord>& records, const bundle::CopyRecord& like,
                                             const PlainCopyOrder& order);

bool is_of_same_database(const bundle::CopyRecord& a, const bundle::CopyRecord& b);

}  // namespace holdfast::operations

// holdfast_diff('table', from, to): the rows of a table that differ between two backups.
#pragma once

#include "holdfast/extension/table_function.h"

namespace holdfast::extension {

// Columns: change, key, before, after; the last three are JSON. Further arguments: the repository, and for backups of
// several databases which of them, and of which source.
TableFunction difference_function();

}  // namespace holdfast::extension

// Ways back from damage: which backups of a source are good, may be good, or can be recalled, when one is found that is not.
#pragma once

#include <span>

#include "holdfast/operations/verify.h"
#include "holdfast/repository/repository.h"

namespace holdfast::operations {

// Of every source of which one of these backups is bad, by what is noted now. Newest source first.
Result<std::vector<WaysBack>> ways_back_from(const repository::Repository& repository, std::span<const std::uint64_t> verified);

}  // namespace holdfast::operations

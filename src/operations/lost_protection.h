// What naming backups to forget takes away: the last verified, proven or whole backup of a source, which no rule takes.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "holdfast/repository/repository.h"

namespace holdfast::operations {

struct LostProtection {
    std::vector<std::string> warnings;
    std::vector<std::string> without_any;  // sources of which no whole backup would stay; for people
};
// Without these, which are in the list now.
Result<LostProtection> lost_protection(const repository::Repository& repository, std::span<const repository::SnapshotNumber> forgotten);

}  // namespace holdfast::operations

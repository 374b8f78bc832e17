// A moment as list, show and status tell of it.
#pragma once

#include "holdfast/history/history.h"
#include "holdfast/operations/list.h"

namespace holdfast::operations {

ListedBackup listed(const history::Moment& moment);
std::string verification_of(const history::Moment& moment);  // "opened, good, 2026-08-01T09:30:00Z"; empty: never
std::string level_name(std::uint64_t level);                  // "listed", "hashed", "opened"

}  // namespace holdfast::operations

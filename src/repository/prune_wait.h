// Waiting for the sessions that may lean on what a prune has condemned, or giving their numbers up.
#pragma once

#include "holdfast/repository/prune.h"

namespace holdfast::repository {

struct WaitedFor {
    std::uint64_t voided = 0;
    std::vector<std::string> still_at_work;  // "backup #12: backup, process 4711"; empty: all have ended
};
// Every session that had claimed a number when this is called has ended after it, unless it is told of.
Result<WaitedFor> wait_for_sessions(const Repository& repository, const PruneRequest& patience, const Watch& watch);

// Claims of numbers that are decided, and leases that nobody is behind any more.
Result<void> remove_leftovers(const Repository& repository, const PruneRequest& patience);

}  // namespace holdfast::repository

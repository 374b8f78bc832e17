// Writing entries again, as they are, into new packs: chunks are unsealed and sealed, never decoded.
#pragma once

#include "holdfast/repository/prune_plan.h"
#include "holdfast/repository/repository.h"

namespace holdfast::repository {

struct RewriteRequest {
    const std::vector<Rewritten>& entries;  // by pack
    const std::vector<PackId>& packs;       // those that the entries lie in, in that order
};
struct RewrittenPacks {
    std::vector<PackId> packs;  // also after a failure
    std::uint64_t bytes = 0;
};
// After success every entry lies in a durable pack and a durable index table besides where it lay. corrupt: an entry of a
// pack that is not what its name says cannot be proven.
Result<void> rewrite_packs(Repository& repository, const RewriteRequest& request, const Watch& watch, RewrittenPacks& written);

}  // namespace holdfast::repository

// RoomToGain: how many bytes prune would free now, and how many once the retention policy has been applied.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/operations/context.h"

namespace holdfast::repository {
class Repository;
}

namespace holdfast::operations {

struct Policies;

struct RoomToGain {
    std::uint64_t by_prune = 0, by_prune_grace_0 = 0, by_forget_and_prune = 0;
    std::uint64_t forgotten = 0, to_forget = 0;
    std::string unknown_because;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("by_prune", by_prune, "Bytes that holdfast prune would free now.");
        visit("by_prune_grace_0", by_prune_grace_0, "Bytes that holdfast prune --grace 0 would free now.");
        visit("by_forget_and_prune", by_forget_and_prune, "Bytes that holdfast forget --policy and then holdfast prune --grace 0 would free.");
        visit("forgotten", forgotten, "Forgotten backups that prune has not dropped.");
        visit("to_forget", to_forget, "Backups that forget --policy would forget.");
        visit("unknown_because", unknown_because, "Why it could not be told; empty: it could.");
    }
    // "; holdfast prune would free 1 MiB, ..."; for a person, to be put behind a sentence.
    std::string in_words() const;
};

// Changes nothing. Costs what `prune --dry-run` costs, up to three times: to be asked when room is short. What goes wrong
// stands in unknown_because.
RoomToGain room_to_gain(Context& context, repository::Repository& repository, const Policies& policies);

}  // namespace holdfast::operations

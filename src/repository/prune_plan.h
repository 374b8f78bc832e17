// PrunePlan: which packs go, and which are written again so that they can.
#pragma once

#include "holdfast/repository/chosen_entries.h"

namespace holdfast::repository {

struct PrunePlan {
    std::vector<std::uint32_t> dead;     // positions in the packs: nothing in them is needed
    std::vector<std::uint32_t> rewrite;  // what is needed of them is written again, so that they are dead then
    std::vector<ChunkId> dictionaries;   // that nothing needs
    std::uint64_t bytes_dead = 0;        // of dead packs and dictionaries
    std::uint64_t bytes_rewritten_from = 0, bytes_rewritten_to = 0;
    std::uint64_t bytes_kept = 0;        // of packs, in the end
};
struct DictionaryInStore {
    ChunkId id;
    std::uint64_t bytes = 0;  // both objects
};
Result<std::vector<DictionaryInStore>> list_dictionaries(store::ObjectStore& store);

// waste_max: part of the kept bytes that may be garbage. Small packs are written together when there are many of them.
PrunePlan plan_prune(const std::vector<PackInStore>& packs, const ChosenEntries& chosen,
                     const std::vector<DictionaryInStore>& dictionaries, double waste_max);

// The entries chosen in those packs, in the order in which they are written again.
struct Rewritten {
    ChunkId id;
    ChosenEntry entry;
};
std::vector<Rewritten> entries_in(const std::vector<std::uint32_t>& packs, const ChosenEntries& chosen);

}  // namespace holdfast::repository

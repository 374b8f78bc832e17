// Which of the stored entries serve the live chunks, and so which packs are needed and how much of them.
#pragma once

#include <unordered_map>
#include <vector>

#include "holdfast/repository/condemned.h"
#include "holdfast/repository/index.h"
#include "holdfast/repository/live_chunks.h"

namespace holdfast::repository {

// What becomes of a pack. An entry in a pack of a lower standing is chosen only where there is no other.
enum class Standing : std::uint8_t {
    kept,
    condemned_here,    // by the prune that asks: what is chosen there must stay after all
    condemned_by_others,  // may go at any moment: what is chosen there must be written again
};

struct PackInStore {
    PackId id;
    std::uint64_t size = 0;
    Standing standing = Standing::kept;
    std::uint64_t live_bytes = 0;  // of chosen entries
};
// Every pack that the store lists, with its standing; sorted by id.
Result<std::vector<PackInStore>> list_packs(store::ObjectStore& store, const Condemned& here, const Condemned& others);

struct ChosenEntry {
    std::uint32_t pack = 0;  // position in the packs
    std::uint32_t offset = 0;
    std::uint32_t stored_size = 0;
    std::uint32_t plain_size = 0;
    ChunkType type = ChunkType::extent;
    EntryKind kind = EntryKind::raw;
    std::uint32_t dictionary = 0;  // from 1, among those met; 0: none
};
struct ChosenEntries {
    std::unordered_map<ChunkId, ChosenEntry, NameHasher> entries;  // live chunks, and the bases they lean on
    std::unordered_set<ChunkId, NameHasher> dictionaries;          // that they and the snapshots name
    std::vector<ChunkId> missing;                                  // live, or leant on, and in no pack
    std::vector<ChunkId> leaning_on_missing;                       // live, and a base of theirs is missing
};
// Whether that very entry reads and proves. Asked only where a chunk lies in several places.
using Proves = std::function<Result<bool>(const IndexEntry& entry)>;
// Fills in live_bytes. Entries of packs that the store does not list count as absent. With `proves`, of several entries of
// a chunk the first that does: a damaged one must not be what stays, when the chunk was stored again to heal it.
Result<ChosenEntries> choose_entries(const Index& index, const LiveChunks& live, std::vector<PackInStore>& packs,
                                     const Proves& proves = {});

}  // namespace holdfast::repository

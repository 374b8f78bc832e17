// LiveChunks: the ids that snapshots need: extents, nodes, dictionaries; but for root nodes that snapshots hold.
#pragma once

#include <unordered_set>

#include "holdfast/repository/chunk_reader.h"
#include "holdfast/repository/snapshot.h"

namespace holdfast::repository {

// 32 bytes and a bit for each chunk. Subtrees met before are not read again. One thread.
class LiveChunks {
public:
    explicit LiveChunks(const ChunkReader& chunks) : chunks_(chunks) {}
    // corrupt, not_found: a node cannot be read, so that what the snapshot needs is not known.
    Result<void> add(const Snapshot& snapshot);
    void add_chunk(const ChunkId& id) { ids_.insert(id); }
    void add_dictionary(const ChunkId& id) { dictionaries_.insert(id); }

    bool contains(const ChunkId& id) const { return ids_.contains(id); }
    const std::unordered_set<ChunkId, NameHasher>& ids() const { return ids_; }
    // Those that a snapshot names; the entries chosen for its chunks name others.
    const std::unordered_set<ChunkId, NameHasher>& dictionaries() const { return dictionaries_; }

private:
    Result<void> add(const DirectoryEntry& entry);
    const ChunkReader& chunks_;
    std::unordered_set<ChunkId, NameHasher> ids_;
    std::unordered_set<ChunkId, NameHasher> roots_;    // they lie in snapshots, not in packs
    std::unordered_set<ChunkId, NameHasher> folders_;  // whose entries have been added
    std::unordered_set<ChunkId, NameHasher> dictionaries_;
};

}  // namespace holdfast::repository

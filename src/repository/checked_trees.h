// CheckedTrees: the trees of many snapshots, each distinct node read once, and what damage below them means above.
#pragma once

#include <map>
#include <unordered_map>

#include "holdfast/repository/check.h"
#include "holdfast/repository/live_chunks.h"

namespace holdfast::repository {

class CheckedTrees {
public:
    explicit CheckedTrees(const ChunkReader& chunks) : chunks_(chunks), live_(chunks) {}

    // A node that cannot be read is damage, not an error.
    Result<void> add(const Snapshot& snapshot);
    // Extents and nodes that are needed from packs, and dictionaries.
    const LiveChunks& live() const { return live_; }

    // A chunk that cannot be read, and in which object.
    struct Bad {
        std::string object;
        std::string why;
    };
    void add_bad(const ChunkId& id, Bad bad) { bad_.try_emplace(id, std::move(bad)); }
    void blame(const ChunkId& bad, Bad instead) { bad_.insert_or_assign(bad, std::move(instead)); }
    bool is_bad(const ChunkId& id) const { return bad_.contains(id); }
    bool any_bad() const { return !bad_.empty(); }

    // To be called once everything bad is known: finds the nodes above it.
    Result<void> find_dirty();
    // The parts of what the snapshot holds that cannot be read. What lies in a folder that cannot be read is not known.
    Result<void> report(const Snapshot& snapshot, std::vector<DamagedRange>& ranges) const;

private:
    struct NodeFacts {
        std::uint32_t level = 0;
        bool is_dirty = false;
        std::vector<ChunkId> parents;
    };
    struct Step {
        ChunkId id;
        NodePlace place;
    };
    class Teller;
    Result<void> add(const DirectoryEntry& entry);
    Result<void> add_content(const Content& content, const NodeSource& nodes);
    void spread(const ChunkId& from);
    NodeSource nodes_of(const DirectoryEntry& entry) const;
    Result<void> report_entry(const DirectoryEntry& entry, Teller teller) const;

    const ChunkReader& chunks_;
    LiveChunks live_;
    std::unordered_map<ChunkId, NodeFacts, NameHasher> nodes_;
    std::unordered_map<ChunkId, Bad, NameHasher> bad_;
    std::unordered_set<ChunkId, NameHasher> folders_;  // whose entries have been added
    std::vector<std::pair<ChunkId, Bytes>> small_roots_;  // level 1 nodes that lie in snapshots
};

}  // namespace holdfast::repository

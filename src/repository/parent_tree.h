// ParentTree: the ids of the extents and nodes of the content before, read as they are needed and proven.
#pragma once

#include <list>
#include <mutex>
#include <vector>

#include "holdfast/repository/content_writer.h"

namespace holdfast::repository {

// Thread-safe. Leaf nodes (level 1: up to 256 extents each) are read when asked for, the few above them at once.
class ParentTree {
public:
    // corrupt, not_found: a node above the leaf nodes cannot be read.
    static Result<std::unique_ptr<ParentTree>> open(const ChunkReader& chunks, const Before& before);

    const Content& content() const { return content_; }
    std::uint64_t extents() const { return extents_of(content_.size); }

    using Children = std::shared_ptr<const std::vector<ChunkId>>;
    Result<Children> leaf(std::uint64_t leaf) const;  // ids of its extents
    Result<ChunkId> id_of(std::uint64_t extent) const;

    // The id of a node by level (1: leaf nodes) and position; none beyond the tree, or where it has no nodes.
    std::optional<ChunkId> node(std::uint32_t level, std::uint64_t position) const;
    // Whether that node lies in packs: the root lies in the snapshot.
    bool is_packed(std::uint32_t level) const { return level < content_.levels; }

private:
    ParentTree(const ChunkReader& chunks, const Before& before);
    Result<void> read_upper_levels();
    Children cached(std::uint64_t leaf) const;
    void keep(std::uint64_t leaf, const Children& children) const;

    static constexpr std::size_t leaves_kept_max = 128;
    NodeSource nodes_;
    Content content_;
    std::vector<std::vector<ChunkId>> levels_;  // [level - 1][position]

    mutable std::mutex mutex_;  // guards the leaves kept; never held while a node is read
    mutable std::list<std::pair<std::uint64_t, Children>> kept_;  // last used first
};

}  // namespace holdfast::repository

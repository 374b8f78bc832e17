// TreeBuilder: makes the tree of a new content of fixed extents out of the tree before and the extents that differ.
#pragma once

#include "holdfast/repository/changed_extents.h"
#include "holdfast/repository/node_writer.h"
#include "holdfast/repository/parent_tree.h"

namespace holdfast::repository {

struct BuiltTree {
    Content content;
    std::optional<Bytes> root_node;  // when levels >= 1 and it goes beside
    std::uint64_t bytes_stored = 0;
};

// Nodes in which nothing changed are neither read nor named again. One thread.
class TreeBuilder {
public:
    // parent: null when there is none, and every extent is in `changed`.
    TreeBuilder(const NodeWriter::Places& places, const ParentTree* parent) : parent_(parent), reuse_(places.reuse), nodes_(places) {}
    Result<BuiltTree> build(std::uint64_t size, const ChangedExtents& changed);

private:
    struct Position {
        std::uint32_t level;
        std::uint64_t at;
        std::uint64_t of;  // how many the level has; one: it is the root
    };
    Result<ChunkId> leaf(const Position& position, const ChangedExtents& changed);
    Result<ChunkId> keep(const Position& position, const Node& node);

    const ParentTree* parent_;
    Reuse& reuse_;
    NodeWriter nodes_;
    BuiltTree built_;
};

}  // namespace holdfast::repository

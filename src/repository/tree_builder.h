// TreeBuilder: makes the tree of a new content out of the tree before and the extents that differ.
#pragma once

#include "holdfast/base/compress.h"
#include "holdfast/repository/changed_extents.h"
#include "holdfast/repository/packer.h"
#include "holdfast/repository/parent_tree.h"
#include "holdfast/repository/payload.h"

namespace holdfast::repository {

struct BuiltTree {
    Content content;
    std::optional<Bytes> root_node;  // when levels >= 1 and it goes beside
    std::uint64_t bytes_stored = 0;
};

// Nodes in which nothing changed are neither read nor named again. One thread.
class TreeBuilder {
public:
    struct Places {
        const Keys& keys;
        const ChunkReader& chunks;
        Packer& packer;
        Reuse& reuse;
        const ParentTree* parent;  // null: there is none, and every extent is in `changed`
        RootNode root;
        int compression_level;
    };
    explicit TreeBuilder(const Places& places) : places_(places), compressor_(places.compression_level) {}
    Result<BuiltTree> build(std::uint64_t size, const ChangedExtents& changed);

private:
    struct Position {
        std::uint32_t level;
        std::uint64_t at;
        std::uint64_t of;  // how many the level has; one: it is the root
    };
    Result<ChunkId> leaf(const Position& position, const ChangedExtents& changed);
    Result<ChunkId> keep(const Position& position, const Node& node);
    Result<EncodedChunk> encode(const Position& position, const PlainChunk& node);
    std::optional<EncodedChunk> encode_after_parent(const Position& position, const PlainChunk& node);

    const Places places_;
    Compressor compressor_;
    BuiltTree built_;
};

}  // namespace holdfast::repository

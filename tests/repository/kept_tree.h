// A tree kept in a test's store: nodes in packs, the root node beside it, as a snapshot has it.
#pragma once

#include "holdfast/repository/tree.h"
#include "repository/pieces.h"

namespace holdfast::repository {

struct KeptTree {
    Content content;
    std::vector<ChunkId> ids;  // of the extents
    std::optional<Bytes> root_node;
};

// Nodes over these extents, level by level; the root node is not put into a pack.
inline KeptTree keep_nodes(Keeping& keeping, std::vector<ChunkId> ids, std::uint64_t size) {
    KeptTree tree{.content = {.size = size, .levels = levels_of(size), .root = {}}, .ids = ids, .root_node = {}};
    std::vector<ChunkId> level = std::move(ids);
    for (std::uint8_t number = 1; number <= tree.content.levels; ++number) {
        std::vector<ChunkId> above;
        for (std::size_t at = 0; at < level.size(); at += 256) {
            Node node{.level = number, .children = {}};
            for (std::size_t i = at; i < std::min(at + 256, level.size()); ++i) node.children.push_back(level[i]);
            const Bytes bytes = encode_node(node);
            above.push_back(keeping.name_of(bytes, ChunkType::node));
            if (number == tree.content.levels) tree.root_node = bytes;
            else keeping.keep_plain(bytes, ChunkType::node);
        }
        level = std::move(above);
    }
    if (!level.empty()) tree.content.root = level.front();
    keeping.finish();
    return tree;
}

// A tree over ids of extents that are nowhere.
inline KeptTree keep_ids(Keeping& keeping, std::uint64_t extents, std::uint64_t size) {
    std::vector<ChunkId> ids;
    for (std::uint64_t i = 0; i < extents; ++i) ids.push_back(keeping.name_of(bytes_of(format("extent {} of {}", i, size))));
    return keep_nodes(keeping, std::move(ids), size);
}

// A file's bytes with all their extents; the pack is put with the nodes.
inline KeptTree keep_file(Keeping& keeping, ByteView file) {
    std::vector<ChunkId> ids;
    for (std::size_t at = 0; at < file.size(); at += 65536) {
        ids.push_back(keeping.keep_plain(file.subspan(at, std::min<std::size_t>(65536, file.size() - at))));
    }
    return keep_nodes(keeping, std::move(ids), file.size());
}

}  // namespace holdfast::repository

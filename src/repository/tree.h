// Trees: a file's content as extents under Merkle nodes (docs/formats/repository.md, 7).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "holdfast/base/record.h"
#include "holdfast/repository/chunk_reader.h"

namespace holdfast::repository {

// What names a file's whole content. Equal contents have equal values (in one repository).
struct Content {
    std::uint64_t size = 0;
    std::uint32_t levels = 0;     // of nodes above the extents
    std::optional<ChunkId> root;  // none when size is 0
    bool operator==(const Content&) const = default;
};
Bytes encode_content(const Content& content);
Result<Content> decode_content(ByteView record);

std::uint64_t extents_of(std::uint64_t size);  // number of extents
std::uint64_t extent_bytes(std::uint64_t size, std::uint64_t extent);
std::uint32_t levels_of(std::uint64_t size);  // of nodes: a function of the size alone

struct Node {
    std::uint8_t level = 1;
    std::vector<ChunkId> children;
};
Bytes encode_node(const Node& node);
Result<Node> decode_node(ByteView bytes);

// Where a node stands in a file's tree: its level, and the first extent below it.
struct NodePlace {
    std::uint32_t level = 1;
    std::uint64_t first_extent = 0;
};

// Where nodes come from: the store, and the copies of root nodes kept in snapshots. Proven by id either way.
class NodeSource {
public:
    explicit NodeSource(const ChunkReader& chunks) : chunks_(chunks) {}
    void add_copy(const ChunkId& id, ByteView node);  // of a snapshot; believed only if it proves
    Result<Node> read(const ChunkId& id) const;
    // The same, and corrupt when the node has not the level, or not the children, that it must have at that place.
    Result<Node> read_at(const ChunkId& id, const NodePlace& place, std::uint64_t content_size) const;

private:
    const ChunkReader& chunks_;
    std::vector<std::pair<ChunkId, Bytes>> copies_;
};

// Visits the extents of [first, first + count) in order with their ids. `damaged` (when given) is told of a node that
// cannot be read, with the extents it spans, and the walk goes on behind it; without it the error ends the walk.
struct TreeWalk {
    std::function<Result<void>(std::uint64_t extent, const ChunkId& id)> extent;
    std::function<void(std::uint64_t first_extent, std::uint64_t count, const Error& why)> damaged;
    std::function<Result<bool>(const ChunkId& node)> enter;  // optional: false skips the node and all below
};
Result<void> walk_tree(const NodeSource& nodes, const Content& content, std::uint64_t first, std::uint64_t count,
                       const TreeWalk& walk);

}  // namespace holdfast::repository

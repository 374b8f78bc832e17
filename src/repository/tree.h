// Trees: a file's content as extents under Merkle nodes (docs/formats/repository.md, 7).
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "holdfast/base/record.h"
#include "holdfast/repository/chunk_reader.h"

namespace holdfast::repository {

// fixed: extents of 64 KiB, for what changes in place. variable: extents cut by what they hold (cut_points.h), for what
// shifts; only of contents larger than an extent.
enum class Scheme : std::uint8_t { fixed = 0, variable = 1 };

// What names a file's whole content. Equal contents of one scheme have equal values (in one repository).
struct Content {
    std::uint64_t size = 0;
    std::uint32_t levels = 0;     // of nodes above the extents
    std::optional<ChunkId> root;  // none when size is 0
    Scheme scheme = Scheme::fixed;
    bool operator==(const Content&) const = default;
};
Bytes encode_content(const Content& content);
Result<Content> decode_content(ByteView record);

// --- fixed extents ---
std::uint64_t extents_of(std::uint64_t size);  // number of extents
std::uint64_t extent_bytes(std::uint64_t size, std::uint64_t extent);
std::uint32_t levels_of(std::uint64_t size);  // of nodes: a function of the size alone

struct Node {
    std::uint8_t level = 1;
    std::vector<ChunkId> children;
    Scheme scheme = Scheme::fixed;
    std::vector<std::uint64_t> sizes = {};  // variable: bytes of the file below each child
};
Bytes encode_node(const Node& node);
Result<Node> decode_node(ByteView bytes);

// Bytes of a file.
struct ByteRange {
    std::uint64_t offset = 0, size = 0;
    std::uint64_t end() const { return offset + size; }
    bool operator==(const ByteRange&) const = default;
};

// Where a node stands in a file's tree: its level, and the bytes below it.
struct NodePlace {
    Scheme scheme = Scheme::fixed;
    std::uint32_t level = 1;
    ByteRange below;
};
NodePlace root_place(const Content& content);  // with levels
// The bytes below child `number`, which begin at `offset`. The node is of that place's shape.
ByteRange below_child(const Node& node, const NodePlace& place, std::size_t number, std::uint64_t offset);

// Where nodes come from: the store, and the copies of root nodes kept in snapshots. Proven by id either way.
class NodeSource {
public:
    explicit NodeSource(const ChunkReader& chunks) : chunks_(chunks) {}
    void add_copy(const ChunkId& id, ByteView node);  // of a snapshot; believed only if it proves
    Result<Node> read(const ChunkId& id) const;
    // The same, and corrupt when the node has not the level, or not the children, that it must have at that place.
    Result<Node> read_at(const ChunkId& id, const NodePlace& place) const;

private:
    const ChunkReader& chunks_;
    std::vector<std::pair<ChunkId, Bytes>> copies_;
};

// Visits the extents that hold bytes of the range, in order, with their ids. `damaged` (when given) is told of a node that
// cannot be read, with the bytes of the range below it, and the walk goes on behind it; without it the error ends the walk.
struct TreeWalk {
    std::function<Result<void>(const ByteRange& extent, const ChunkId& id)> extent;
    std::function<void(const ByteRange& below, const Error& why)> damaged;
    std::function<Result<bool>(const ChunkId& node)> enter;  // optional: false skips the node and all below
};
Result<void> walk_tree(const NodeSource& nodes, const Content& content, const ByteRange& range, const TreeWalk& walk);
Result<void> walk_tree(const NodeSource& nodes, const Content& content, const TreeWalk& walk);  // all of it

}  // namespace holdfast::repository

#include "holdfast/repository/tree.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

constexpr std::uint64_t fixed_extents = 0;  // the scheme of this draft's contents

namespace tag {
constexpr std::uint32_t scheme = 1, size = 3, levels = 5, root = 7;
}

struct NodeStart {
    std::uint8_t level;
    std::uint8_t zero;
    LittleEndian<std::uint16_t> count;
};
static_assert(sizeof(NodeStart) == 4);

// Extents below one node of a level; 256 to the power of it.
std::uint64_t span_of(std::uint32_t level) {
    HOLDFAST_ASSERT(level <= limits::tree_levels_max);
    return std::uint64_t{1} << (8 * level);
}

Error bad_node(std::string_view why) { return fail(ErrorCode::corrupt, "read tree node: {}", why); }

// Something is wrong with the bytes, as against: they could not be fetched now, or somebody wants to stop.
bool is_damage(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::not_found || code == ErrorCode::too_new;
}

}  // namespace

std::uint64_t extents_of(std::uint64_t size) { return size / limits::extent_size + (size % limits::extent_size != 0 ? 1 : 0); }

std::uint64_t extent_bytes(std::uint64_t size, std::uint64_t extent) {
    HOLDFAST_ASSERT(extent < extents_of(size));
    return std::min(limits::extent_size, size - extent * limits::extent_size);
}

std::uint32_t levels_of(std::uint64_t size) {
    std::uint32_t levels = 0;
    for (std::uint64_t below = extents_of(size); below > 1; ++levels) {
        below = (below + limits::node_children_max - 1) / limits::node_children_max;
    }
    return levels;
}

Bytes encode_content(const Content& content) {
    RecordWriter record;
    record.number(tag::scheme, fixed_extents);
    record.number(tag::size, content.size);
    record.number(tag::levels, content.levels);
    if (content.root) record.bytes(tag::root, content.root->hash.view());
    return std::move(record).take();
}

Result<Content> decode_content(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "content"));
    const std::uint64_t scheme = TRY(record.number(tag::scheme));
    if (scheme != fixed_extents) return fail(ErrorCode::too_new, "read content: extents of scheme {} are not known here", scheme);
    Content content;
    content.size = TRY(record.number(tag::size));
    const std::uint64_t levels = TRY(record.number(tag::levels));
    if (const auto root = record.bytes_if(tag::root)) content.root = ChunkId{TRY(Hash::from_bytes(*root))};
    TRY(record.finish());
    if (levels != levels_of(content.size) || content.root.has_value() != (content.size > 0)) {
        return fail(ErrorCode::corrupt, "read content: its size, levels and root disagree");
    }
    content.levels = static_cast<std::uint32_t>(levels);
    return content;
}

Bytes encode_node(const Node& node) {
    HOLDFAST_ASSERT(!node.children.empty() && node.children.size() <= limits::node_children_max);
    const NodeStart start{.level = node.level, .zero = 0, .count = static_cast<std::uint16_t>(node.children.size())};
    Bytes bytes(sizeof(NodeStart));
    save(start, MutableByteView(bytes));
    bytes.reserve(sizeof(NodeStart) + node.children.size() * sizeof(Hash));
    for (const auto& child : node.children) append(bytes, child.hash.view());
    return bytes;
}

Result<Node> decode_node(ByteView bytes) {
    if (bytes.size() < sizeof(NodeStart)) return bad_node("it is cut short");
    const auto start = load<NodeStart>(bytes);
    if (start.level == 0 || start.level > limits::tree_levels_max || start.zero != 0) return bad_node("its level is not one");
    if (start.count == 0 || start.count > limits::node_children_max) return bad_node("its number of children is not one");
    ByteView ids = bytes.subspan(sizeof(NodeStart));
    if (ids.size() != start.count * sizeof(Hash)) return bad_node("its size and its number of children disagree");
    Node node{.level = start.level, .children = std::vector<ChunkId>(start.count)};
    for (auto& child : node.children) {
        std::copy_n(ids.begin(), sizeof(Hash), child.hash.bytes.begin());
        ids = ids.subspan(sizeof(Hash));
    }
    return node;
}

void NodeSource::add_copy(const ChunkId& id, ByteView node) {
    if (chunks_.keys().name_of(ChunkType::node, node) == id) copies_.emplace_back(id, copy_of(node));
}

Result<Node> NodeSource::read(const ChunkId& id) const {
    for (const auto& [copied, bytes] : copies_) {
        if (copied == id) return decode_node(bytes);
    }
    return decode_node(*TRY(chunks_.read_cached(id, ChunkType::node)));
}

Result<Node> NodeSource::read_at(const ChunkId& id, const NodePlace& place, std::uint64_t content_size) const {
    HOLDFAST_ASSERT(place.level >= 1 && place.first_extent < extents_of(content_size));
    Node node = TRY(read(id));
    const std::uint64_t below = std::min(span_of(place.level), extents_of(content_size) - place.first_extent);
    const std::uint64_t child_span = span_of(place.level - 1);
    if (node.level != place.level || node.children.size() != (below + child_span - 1) / child_span) {
        return bad_node("it is not of the shape that its place asks for");
    }
    return node;
}

namespace {

// One walk: a stack of nodes on the way, never deeper than the levels of the tree.
class Walker {
public:
    Walker(const NodeSource& nodes, const Content& content, const TreeWalk& walk)
        : nodes_(nodes), content_(content), walk_(walk) {}

    Result<void> run(std::uint64_t first, std::uint64_t end) {
        first_ = first;
        end_ = end;
        if (content_.levels == 0) return walk_.extent(0, *content_.root);
        TRY(enter(*content_.root, {.level = content_.levels, .first_extent = 0}));
        while (!stack_.empty()) TRY(step());
        return {};
    }

private:
    struct Frame {
        Node node;
        NodePlace place;
        std::size_t next = 0;
    };

    Result<void> step() {
        Frame& frame = stack_.back();
        const std::uint64_t child_span = span_of(frame.place.level - 1);
        const std::uint64_t at = frame.place.first_extent + frame.next * child_span;
        if (frame.next == frame.node.children.size() || at >= end_) {
            stack_.pop_back();
            return {};
        }
        const ChunkId child = frame.node.children[frame.next++];
        if (at + child_span <= first_) return {};
        if (frame.place.level == 1) return walk_.extent(at, child);
        return enter(child, {.level = frame.place.level - 1, .first_extent = at});
    }

    Result<void> enter(const ChunkId& id, const NodePlace& place) {
        if (walk_.enter && !TRY(walk_.enter(id))) return {};
        auto node = nodes_.read_at(id, place, content_.size);
        if (node) {
            stack_.push_back({.node = std::move(node).value(), .place = place});
            return {};
        }
        if (!walk_.damaged || !is_damage(node.error().code())) return std::move(node).error();
        const std::uint64_t from = std::max(first_, place.first_extent);
        walk_.damaged(from, std::min(end_, place.first_extent + span_of(place.level)) - from, node.error());
        return {};
    }

    const NodeSource& nodes_;
    const Content& content_;
    const TreeWalk& walk_;
    std::vector<Frame> stack_;
    std::uint64_t first_ = 0, end_ = 0;
};

}  // namespace

Result<void> walk_tree(const NodeSource& nodes, const Content& content, std::uint64_t first, std::uint64_t count,
                       const TreeWalk& walk) {
    const std::uint64_t extents = extents_of(content.size);
    if (content.levels != levels_of(content.size) || content.root.has_value() != (content.size > 0)) {
        return fail(ErrorCode::corrupt, "walk tree: size, levels and root of the content disagree");
    }
    if (count == 0 || first >= extents) return {};
    return Walker(nodes, content, walk).run(first, first + std::min(count, extents - first));
}

}  // namespace holdfast::repository

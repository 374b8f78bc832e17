#include "holdfast/repository/tree.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

namespace tag {
constexpr std::uint32_t scheme = 1, size = 3, levels = 5, root = 7;
}

struct NodeStart {
    std::uint8_t level;
    std::uint8_t scheme;
    LittleEndian<std::uint16_t> count;
};
static_assert(sizeof(NodeStart) == 4);

// Bytes below a full node of that level; 0: an extent. Fixed extents only.
std::uint64_t span_of(std::uint32_t level) {
    static_assert(limits::extent_size == 1 << 16 && limits::node_children_max == 1 << 8);
    constexpr std::uint32_t level_max = 5;  // nodes of level 6 hold any file
    HOLDFAST_ASSERT(level <= level_max);
    return limits::extent_size << (8 * level);
}

// Of sizes in a node, by its level: an extent is small, what lies below a node is not.
std::size_t size_bytes(std::uint32_t level) { return level == 1 ? sizeof(std::uint32_t) : sizeof(std::uint64_t); }

Error bad_node(std::string_view why) { return fail(ErrorCode::corrupt, "read tree node: {}", why); }

// Something is wrong with the bytes, as against: they could not be fetched now, or somebody wants to stop.
bool is_damage(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::not_found || code == ErrorCode::too_new;
}

bool is_possible(const Content& content) {
    if (content.root.has_value() != (content.size > 0)) return false;
    if (content.scheme == Scheme::fixed) return content.levels == levels_of(content.size);
    if (content.size <= limits::extent_size || content.levels > limits::tree_levels_max) return false;
    return content.levels > 0 || content.size <= limits::chunk_size_max;
}

// Whether the children of a node fill its place exactly.
bool fits(const Node& node, const NodePlace& place) {
    if (node.level != place.level || node.scheme != place.scheme) return false;
    if (node.scheme == Scheme::fixed) {
        const std::uint64_t child = span_of(place.level - 1);
        return node.children.size() == (place.below.size - 1) / child + 1;
    }
    std::uint64_t left = place.below.size;
    for (const std::uint64_t size : node.sizes) {
        if (size > left) return false;
        left -= size;
    }
    return left == 0;
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
    record.number(tag::scheme, static_cast<std::uint64_t>(content.scheme));
    record.number(tag::size, content.size);
    record.number(tag::levels, content.levels);
    if (content.root) record.bytes(tag::root, content.root->hash.view());
    return std::move(record).take();
}

Result<Content> decode_content(ByteView bytes) {
    auto record = TRY(RecordReader::parse(bytes, "content"));
    const std::uint64_t scheme = TRY(record.number(tag::scheme));
    if (scheme > static_cast<std::uint64_t>(Scheme::variable)) {
        return fail(ErrorCode::too_new, "read content: extents of scheme {} are not known here", scheme);
    }
    Content content;
    content.scheme = static_cast<Scheme>(scheme);
    content.size = TRY(record.number(tag::size));
    const std::uint64_t levels = TRY(record.number(tag::levels));
    if (const auto root = record.bytes_if(tag::root)) content.root = ChunkId{TRY(Hash::from_bytes(*root))};
    TRY(record.finish());
    content.levels = static_cast<std::uint32_t>(levels);
    if (content.levels != levels || !is_possible(content)) return fail(ErrorCode::corrupt, "read content: its size, levels and root disagree");
    return content;
}

// --- nodes ---

Bytes encode_node(const Node& node) {
    HOLDFAST_ASSERT(!node.children.empty() && node.children.size() <= limits::node_children_max);
    HOLDFAST_ASSERT(node.sizes.size() == (node.scheme == Scheme::variable ? node.children.size() : 0));
    const NodeStart start{.level = node.level, .scheme = static_cast<std::uint8_t>(node.scheme), .count = static_cast<std::uint16_t>(node.children.size())};
    Bytes bytes(sizeof(NodeStart));
    save(start, MutableByteView(bytes));
    bytes.reserve(sizeof(NodeStart) + node.children.size() * (sizeof(Hash) + sizeof(std::uint64_t)));
    for (const auto& child : node.children) append(bytes, child.hash.view());
    for (const std::uint64_t size : node.sizes) {
        std::array<std::byte, sizeof(std::uint64_t)> stored{};
        save(LittleEndian<std::uint64_t>(size), MutableByteView(stored));
        append(bytes, ByteView(stored).first(size_bytes(node.level)));
    }
    return bytes;
}

Result<Node> decode_node(ByteView bytes) {
    if (bytes.size() < sizeof(NodeStart)) return bad_node("it is cut short");
    const auto start = load<NodeStart>(bytes);
    if (start.level == 0 || start.level > limits::tree_levels_max) return bad_node("its level is not one");
    if (start.scheme > static_cast<std::uint8_t>(Scheme::variable)) return bad_node("its scheme is not one");
    if (start.count == 0 || start.count > limits::node_children_max) return bad_node("its number of children is not one");
    Node node{.level = start.level, .children = std::vector<ChunkId>(start.count), .scheme = static_cast<Scheme>(start.scheme)};
    const std::size_t sized = node.scheme == Scheme::variable ? size_bytes(node.level) : 0;
    ByteView rest = bytes.subspan(sizeof(NodeStart));
    if (rest.size() != start.count * (sizeof(Hash) + sized)) return bad_node("its size and its number of children disagree");
    for (auto& child : node.children) {
        std::copy_n(rest.begin(), sizeof(Hash), child.hash.bytes.begin());
        rest = rest.subspan(sizeof(Hash));
    }
    for (; !rest.empty(); rest = rest.subspan(sized)) {
        std::array<std::byte, sizeof(std::uint64_t)> stored{};
        std::ranges::copy(rest.first(sized), stored.begin());
        const std::uint64_t size = load<LittleEndian<std::uint64_t>>(stored);
        if (size == 0 || (node.level == 1 && size > limits::chunk_size_max)) return bad_node("the size of a child is not one");
        node.sizes.push_back(size);
    }
    return node;
}

NodePlace root_place(const Content& content) {
    HOLDFAST_ASSERT(content.levels > 0);
    return {.scheme = content.scheme, .level = content.levels, .below = {.offset = 0, .size = content.size}};
}

ByteRange below_child(const Node& node, const NodePlace& place, std::size_t number, std::uint64_t offset) {
    if (node.scheme == Scheme::variable) return {.offset = offset, .size = node.sizes[number]};
    return {.offset = offset, .size = std::min(span_of(place.level - 1), place.below.end() - offset)};
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

Result<Node> NodeSource::read_at(const ChunkId& id, const NodePlace& place) const {
    HOLDFAST_ASSERT(place.level >= 1 && place.below.size > 0);
    Node node = TRY(read(id));
    if (!fits(node, place)) return bad_node("it is not of the shape that its place asks for");
    return node;
}

// --- walks ---

namespace {

// One walk: a stack of nodes on the way, never deeper than the levels of the tree.
class Walker {
public:
    Walker(const NodeSource& nodes, const ByteRange& range, const TreeWalk& walk) : nodes_(nodes), range_(range), walk_(walk) {}

    Result<void> run(const Content& content) {
        if (content.levels == 0) return walk_.extent({.offset = 0, .size = content.size}, *content.root);
        TRY(enter(*content.root, root_place(content)));
        while (!stack_.empty()) TRY(step());
        return {};
    }

private:
    struct Frame {
        Node node;
        NodePlace place;
        std::size_t next = 0;
        std::uint64_t offset = 0;  // where the next child begins
    };

    Result<void> step() {
        Frame& frame = stack_.back();
        if (frame.next == frame.node.children.size() || frame.offset >= range_.end()) {
            stack_.pop_back();
            return {};
        }
        const ByteRange below = below_child(frame.node, frame.place, frame.next, frame.offset);
        const ChunkId child = frame.node.children[frame.next++];
        frame.offset = below.end();
        if (below.end() <= range_.offset) return {};
        if (frame.place.level == 1) return walk_.extent(below, child);
        return enter(child, {.scheme = frame.place.scheme, .level = frame.place.level - 1, .below = below});
    }

    Result<void> enter(const ChunkId& id, const NodePlace& place) {
        if (walk_.enter && !TRY(walk_.enter(id))) return {};
        auto node = nodes_.read_at(id, place);
        if (node) {
            stack_.push_back({.node = std::move(node).value(), .place = place, .offset = place.below.offset});
            return {};
        }
        if (!walk_.damaged || !is_damage(node.error().code())) return std::move(node).error();
        const std::uint64_t from = std::max(range_.offset, place.below.offset);
        walk_.damaged({.offset = from, .size = std::min(range_.end(), place.below.end()) - from}, node.error());
        return {};
    }

    const NodeSource& nodes_;
    const ByteRange range_;
    const TreeWalk& walk_;
    std::vector<Frame> stack_;
};

}  // namespace

Result<void> walk_tree(const NodeSource& nodes, const Content& content, const ByteRange& range, const TreeWalk& walk) {
    if (!is_possible(content)) return fail(ErrorCode::corrupt, "walk tree: size, levels and root of the content disagree");
    if (range.size == 0 || range.offset >= content.size) return {};
    const ByteRange inside{.offset = range.offset, .size = std::min(range.size, content.size - range.offset)};
    return Walker(nodes, inside, walk).run(content);
}

Result<void> walk_tree(const NodeSource& nodes, const Content& content, const TreeWalk& walk) {
    return walk_tree(nodes, content, {.offset = 0, .size = content.size}, walk);
}

}  // namespace holdfast::repository

#include "holdfast/repository/tree_builder.h"

#include <algorithm>

namespace holdfast::repository {

namespace {

std::uint64_t nodes_for(std::uint64_t children) {
    return (children + limits::node_children_max - 1) / limits::node_children_max;
}

}  // namespace

Result<BuiltTree> TreeBuilder::build(std::uint64_t size, const ChangedExtents& changed) {
    built_ = {};
    built_.content.size = size;
    const auto extents = extents_of(size);
    if (extents == 0) return std::move(built_);
    if (extents == 1) {
        const auto* id = changed.find(0);
        built_.content.root = id != nullptr ? *id : TRY(places_.parent->id_of(0));
        return std::move(built_);
    }
    std::vector<ChunkId> ids;
    for (std::uint64_t at = 0, of = nodes_for(extents); at < of; ++at) {
        ids.push_back(TRY(leaf({.level = 1, .at = at, .of = of}, changed)));
    }
    std::uint32_t level = 1;
    while (ids.size() > 1) {
        ++level;
        std::vector<ChunkId> above;
        for (std::uint64_t at = 0, of = nodes_for(ids.size()); at < of; ++at) {
            const auto first = ids.begin() + static_cast<std::ptrdiff_t>(at * limits::node_children_max);
            const auto count = std::min<std::ptrdiff_t>(limits::node_children_max, ids.end() - first);
            const Node node{.level = static_cast<std::uint8_t>(level), .children = {first, first + count}};
            above.push_back(TRY(keep({.level = level, .at = at, .of = of}, node)));
        }
        ids = std::move(above);
    }
    built_.content.levels = level;
    built_.content.root = ids.front();
    return std::move(built_);
}

Result<ChunkId> TreeBuilder::leaf(const Position& position, const ChangedExtents& changed) {
    const auto* parent = places_.parent;
    const auto first = position.at * limits::node_children_max;
    const auto count_in = [&](std::uint64_t extents) {
        return extents <= first ? 0 : std::min(limits::node_children_max, extents - first);
    };
    const auto count = count_in(extents_of(built_.content.size));
    const auto before = parent != nullptr ? count_in(parent->extents()) : 0;
    const bool is_as_before = !changed.any_in_leaf(position.at) && before == count;
    if (is_as_before && position.of > 1 && parent->is_packed(1) && !places_.reuse.proves()) {
        return *parent->node(1, position.at);
    }
    ParentTree::Children known;
    Node node{.level = 1, .children = {}};
    for (std::uint64_t i = 0; i < count; ++i) {
        if (const auto* id = changed.find(first + i)) {
            node.children.push_back(*id);
            continue;
        }
        HOLDFAST_ASSERT(i < before);
        if (!known) known = TRY(parent->leaf(position.at));
        node.children.push_back((*known)[i]);
    }
    return keep(position, node);
}

Result<ChunkId> TreeBuilder::keep(const Position& position, const Node& node) {
    Bytes bytes = encode_node(node);
    const ChunkId id = places_.keys.name_of(ChunkType::node, bytes);
    if (position.of == 1 && places_.root == RootNode::beside) {
        built_.root_node = std::move(bytes);
        return id;
    }
    const auto* parent = places_.parent;
    const bool may_be_as_before = parent != nullptr && parent->is_packed(position.level) && !places_.reuse.proves();
    if (may_be_as_before && parent->node(position.level, position.at) == id) return id;
    if (places_.packer.has(id) || TRY(places_.reuse.has(id, ChunkType::node))) return id;
    const auto encoded = TRY(encode(position, {.type = ChunkType::node, .id = id, .bytes = bytes}));
    built_.bytes_stored += TRY(places_.packer.add(encoded));
    return id;
}

Result<EncodedChunk> TreeBuilder::encode(const Position& position, const PlainChunk& node) {
    // Ids do not compress: a patch pays as long as it is smaller than half of the node.
    auto patch = encode_after_parent(position, node);
    if (patch && patch->payload.size() <= node.bytes.size() / 2) return *std::move(patch);
    return encode_plain(node, compressor_);
}

// None whenever the node before cannot serve; then this one is simply stored whole.
std::optional<EncodedChunk> TreeBuilder::encode_after_parent(const Position& position, const PlainChunk& node) {
    const auto* parent = places_.parent;
    if (parent == nullptr || !parent->is_packed(position.level)) return std::nullopt;
    const auto before = parent->node(position.level, position.at);
    if (!before) return std::nullopt;
    const auto place = places_.reuse.plain_in_place_of(*before);
    if (!place || !*place) return std::nullopt;
    const auto bytes = places_.chunks.read_cached((*place)->id, ChunkType::node);
    if (!bytes) return std::nullopt;
    const Base base{.id = (*place)->id, .bytes = **bytes};
    auto patch = encode_patch(node, {&base, 1}, compressor_);
    if (!patch) return std::nullopt;
    places_.reuse.rely_on(**place);
    return *std::move(patch);
}

}  // namespace holdfast::repository

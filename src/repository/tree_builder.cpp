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
        built_.content.root = id != nullptr ? *id : TRY(parent_->id_of(0));
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
    built_.root_node = nodes_.take_root_node();
    built_.bytes_stored = nodes_.bytes_stored();
    return std::move(built_);
}

Result<ChunkId> TreeBuilder::leaf(const Position& position, const ChangedExtents& changed) {
    const auto* parent = parent_;
    const auto first = position.at * limits::node_children_max;
    const auto count_in = [&](std::uint64_t extents) {
        return extents <= first ? 0 : std::min(limits::node_children_max, extents - first);
    };
    const auto count = count_in(extents_of(built_.content.size));
    const auto before = parent != nullptr ? count_in(parent->extents()) : 0;
    const bool is_as_before = !changed.any_in_leaf(position.at) && before == count;
    if (is_as_before && position.of > 1 && parent->is_packed(1) && !reuse_.proves()) {
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
    NodeWriter::Place place{.rank = position.of == 1 ? NodeWriter::Rank::root : NodeWriter::Rank::inner};
    if (parent_ != nullptr && parent_->is_packed(position.level)) place.before = parent_->node(position.level, position.at);
    return nodes_.keep(node, place);
}

}  // namespace holdfast::repository

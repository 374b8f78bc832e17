#include "holdfast/repository/old_extents.h"

#include <algorithm>

namespace holdfast::repository {

Result<OldExtents> OldExtents::open(const ChunkReader& chunks, const Before& before) {
    const Content& content = before.content;
    HOLDFAST_ASSERT(content.scheme == Scheme::variable && content.root);
    OldExtents old(content);
    NodeSource nodes(chunks);
    for (const auto& bytes : before.root_nodes) nodes.add_copy(*content.root, bytes);
    if (content.levels == 0) {
        old.add({.offset = 0, .size = content.size}, *content.root, std::nullopt);
        return old;
    }
    struct Step {
        ChunkId id;
        NodePlace place;
    };
    const bool is_root_beside = !before.root_nodes.empty();
    std::vector<Step> steps = {{*content.root, root_place(content)}};
    while (!steps.empty()) {
        const Step step = steps.back();
        steps.pop_back();
        const bool is_packed = step.id != *content.root || !is_root_beside;
        const auto above = is_packed ? std::optional(step.id) : std::nullopt;
        const Node node = TRY(nodes.read_at(step.id, step.place));
        std::uint64_t offset = step.place.below.offset;
        const std::size_t first_step = steps.size();
        for (std::size_t i = 0; i < node.children.size(); ++i) {
            const ByteRange below = below_child(node, step.place, i, offset);
            offset = below.end();
            if (step.place.level == 1) {
                old.add(below, node.children[i], above);
                continue;
            }
            if (above) old.above_.try_emplace(node.children[i], *above);
            steps.push_back({node.children[i], {.scheme = content.scheme, .level = step.place.level - 1, .below = below}});
        }
        std::reverse(steps.begin() + static_cast<std::ptrdiff_t>(first_step), steps.end());  // the first is the next
    }
    return old;
}

void OldExtents::add(const ByteRange& at, const ChunkId& id, const std::optional<ChunkId>& leaf) {
    if (leaves_.empty() || leaves_.back() != leaf) leaves_.push_back(leaf);
    numbers_.try_emplace(id, static_cast<std::uint32_t>(extents_.size()));
    extents_.push_back({.id = id, .size = static_cast<std::uint32_t>(at.size), .leaf = static_cast<std::uint32_t>(leaves_.size() - 1)});
}

std::optional<std::size_t> OldExtents::find(const ChunkId& id) const {
    const auto at = numbers_.find(id);
    return at != numbers_.end() ? std::optional<std::size_t>(at->second) : std::nullopt;
}

std::optional<ChunkId> OldExtents::node_above(std::size_t number) const { return leaves_[extents_[number].leaf]; }

std::optional<ChunkId> OldExtents::node_above(const ChunkId& node) const {
    const auto at = above_.find(node);
    return at != above_.end() ? std::optional(at->second) : std::nullopt;
}

}  // namespace holdfast::repository

#include "holdfast/repository/variable_tree.h"

#include "holdfast/base/limits.h"
#include "holdfast/repository/cut_points.h"

namespace holdfast::repository {

namespace {

struct Below {
    ChunkId id;
    std::uint64_t size = 0;
    std::optional<ChunkId> above;  // the node that was above it before
};

}  // namespace

Result<Content> build_variable_tree(const std::vector<VariableExtent>& extents, const OldExtents* old, NodeWriter& nodes) {
    HOLDFAST_ASSERT(!extents.empty());
    Content content{.scheme = Scheme::variable};
    std::vector<Below> level;
    for (const auto& extent : extents) {
        level.push_back({.id = extent.id, .size = extent.size, .above = extent.old ? old->node_above(*extent.old) : std::nullopt});
        content.size += extent.size;
    }
    while (level.size() > 1) {
        if (++content.levels > limits::tree_levels_max) return fail(ErrorCode::invalid, "keep: {} bytes are too many for a file", content.size);
        std::vector<Below> above;
        Node node{.level = static_cast<std::uint8_t>(content.levels), .children = {}, .scheme = Scheme::variable};
        NodeWriter::Place place;
        Below next;
        for (std::size_t i = 0; i < level.size(); ++i) {
            node.children.push_back(level[i].id);
            node.sizes.push_back(level[i].size);
            next.size += level[i].size;
            if (!place.before) place.before = level[i].above;
            const bool is_last = i + 1 == level.size();
            if (!is_last && !ends_node(level[i].id, node.children.size())) continue;
            if (is_last && above.empty()) place.rank = NodeWriter::Rank::root;
            next.id = TRY(nodes.keep(node, place));
            if (place.before) next.above = old->node_above(*place.before);
            above.push_back(next);
            node.children.clear(), node.sizes.clear(), next = {}, place = {};
        }
        level = std::move(above);
    }
    content.root = level.front().id;
    return content;
}

}  // namespace holdfast::repository

#include "holdfast/repository/parent_tree.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"

namespace holdfast::repository {

ParentTree::ParentTree(const ChunkReader& chunks, const Before& before) : nodes_(chunks), content_(before.content) {
    for (const auto& bytes : before.root_nodes) {
        if (content_.root) nodes_.add_copy(*content_.root, bytes);
    }
}

Result<std::unique_ptr<ParentTree>> ParentTree::open(const ChunkReader& chunks, const Before& before) {
    std::unique_ptr<ParentTree> tree(new ParentTree(chunks, before));
    TRY(tree->read_upper_levels());
    return tree;
}

Result<void> ParentTree::read_upper_levels() {
    levels_.resize(content_.levels);
    if (content_.levels == 0 || !content_.root) return {};
    levels_.back().push_back(*content_.root);
    for (std::size_t above = content_.levels - 1; above >= 1; --above) {
        auto& below = levels_[above - 1];
        for (const auto& id : levels_[above]) {
            const Node node = TRY(nodes_.read(id));
            if (node.level != above + 1) return fail(ErrorCode::corrupt, "read tree: a node of level {}", node.level);
            below.insert(below.end(), node.children.begin(), node.children.end());
        }
    }
    const auto leaves = (extents() + limits::node_children_max - 1) / limits::node_children_max;
    if (levels_.front().size() == leaves) return {};
    return fail(ErrorCode::corrupt, "read tree: {} leaf nodes, where {} are needed", levels_.front().size(), leaves);
}

Result<ParentTree::Children> ParentTree::leaf(std::uint64_t leaf) const {
    if (content_.levels == 0) return std::make_shared<const std::vector<ChunkId>>(1, *content_.root);
    if (auto known = cached(leaf)) return known;
    Node node = TRY(nodes_.read(levels_.front()[leaf]));
    const auto expected = std::min(limits::node_children_max, extents() - leaf * limits::node_children_max);
    if (node.level != 1 || node.children.size() != expected) {
        return fail(ErrorCode::corrupt, "read tree: node {} of level {} with {} extents, where {} are needed", leaf,
                    node.level, node.children.size(), expected);
    }
    auto children = std::make_shared<const std::vector<ChunkId>>(std::move(node.children));
    keep(leaf, children);
    return children;
}

Result<ChunkId> ParentTree::id_of(std::uint64_t extent) const {
    HOLDFAST_ASSERT(extent < extents());
    const auto children = TRY(leaf(extent / limits::node_children_max));
    return (*children)[extent % limits::node_children_max];
}

std::optional<ChunkId> ParentTree::node(std::uint32_t level, std::uint64_t position) const {
    if (level < 1 || level > levels_.size() || position >= levels_[level - 1].size()) return std::nullopt;
    return levels_[level - 1][position];
}

ParentTree::Children ParentTree::cached(std::uint64_t leaf) const {
    const std::lock_guard lock(mutex_);
    const auto at = std::ranges::find(kept_, leaf, &std::pair<std::uint64_t, Children>::first);
    if (at == kept_.end()) return nullptr;
    kept_.splice(kept_.begin(), kept_, at);
    return at->second;
}

void ParentTree::keep(std::uint64_t leaf, const Children& children) const {
    const std::lock_guard lock(mutex_);
    kept_.emplace_front(leaf, children);
    if (kept_.size() > leaves_kept_max) kept_.pop_back();
}

}  // namespace holdfast::repository

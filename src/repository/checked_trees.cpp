#include "holdfast/repository/checked_trees.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"

namespace holdfast::repository {

namespace {

bool is_damage(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::not_found || code == ErrorCode::too_new;
}

}  // namespace

NodeSource CheckedTrees::nodes_of(const DirectoryEntry& member) const {
    NodeSource nodes(chunks_);
    if (member.root_node && member.content.root) nodes.add_copy(*member.content.root, *member.root_node);
    return nodes;
}

Result<void> CheckedTrees::add(const Snapshot& snapshot) {
    for (const auto& member : snapshot.members) {
        if (member.dictionary) live_.add_dictionary(*member.dictionary);
        if (!member.content.root) continue;
        if (member.content.levels == 0) {
            live_.add_chunk(*member.content.root);
            continue;
        }
        if (nodes_.contains(*member.content.root)) continue;
        if (member.content.levels == 1 && member.root_node) small_roots_.emplace_back(*member.content.root, *member.root_node);
        TRY(add_content(member.content, nodes_of(member)));
    }
    return {};
}

Result<void> CheckedTrees::add_content(const Content& content, const NodeSource& nodes) {
    std::vector<Step> steps = {{*content.root, {.level = content.levels, .first_extent = 0}}};
    nodes_[*content.root].level = content.levels;
    while (!steps.empty()) {
        const Step step = steps.back();
        steps.pop_back();
        const auto node = nodes.read_at(step.id, step.place, content.size);
        if (!node && !is_damage(node.error().code())) return node.error().copy();
        if (!node) {
            add_bad(step.id, {.object = {}, .why = node.error().message()});
            continue;
        }
        std::uint64_t span = 1;
        for (std::uint32_t level = 1; level < step.place.level; ++level) span *= limits::node_children_max;
        for (std::size_t i = 0; i < node->children.size(); ++i) {
            const ChunkId& child = node->children[i];
            live_.add_chunk(child);
            if (step.place.level == 1) continue;
            auto [facts, is_new] = nodes_.try_emplace(child);
            facts->second.parents.push_back(step.id);
            if (!is_new) continue;
            facts->second.level = step.place.level - 1;
            steps.push_back({child, {.level = step.place.level - 1, .first_extent = step.place.first_extent + i * span}});
        }
    }
    return {};
}

// A node and all above it.
void CheckedTrees::spread(const ChunkId& from) {
    std::vector<ChunkId> rest = {from};
    while (!rest.empty()) {
        auto& facts = nodes_[rest.back()];
        rest.pop_back();
        if (facts.is_dirty) continue;
        facts.is_dirty = true;
        rest.insert(rest.end(), facts.parents.begin(), facts.parents.end());
    }
}

Result<void> CheckedTrees::find_dirty() {
    NodeSource nodes(chunks_);
    std::unordered_map<ChunkId, const Bytes*, NameHasher> roots;
    for (const auto& [id, bytes] : small_roots_) roots[id] = &bytes;
    std::vector<ChunkId> dirty;
    for (const auto& [id, facts] : nodes_) {
        if (bad_.contains(id)) {
            dirty.push_back(id);
            continue;
        }
        if (facts.level != 1) continue;
        const auto root = roots.find(id);
        const auto node = root != roots.end() ? decode_node(*root->second) : nodes.read(id);
        const bool is_dirty = !node || std::ranges::any_of(node->children, [&](const ChunkId& child) { return bad_.contains(child); });
        if (is_dirty) dirty.push_back(id);
    }
    for (const auto& id : dirty) spread(id);
    return {};
}

namespace {

// Damaged extents of one member, neighbours told of together.
class Teller {
public:
    Teller(SnapshotNumber snapshot, const DirectoryEntry& member, std::vector<DamagedRange>& ranges)
        : snapshot_(snapshot), member_(member), ranges_(ranges), first_(ranges.size()) {}
    void tell(std::uint64_t extent, std::uint64_t count, const CheckedTrees::Bad& bad) {
        const auto offset = extent * limits::extent_size;
        const auto end = std::min((extent + count) * limits::extent_size, member_.content.size);
        const bool is_neighbour = ranges_.size() > first_ && ranges_.back().offset + ranges_.back().size == offset &&
                                  ranges_.back().object == bad.object;
        if (is_neighbour) ranges_.back().size = end - ranges_.back().offset;
        else ranges_.push_back({snapshot_, member_.name, offset, end - offset, bad.object, bad.why});
    }

private:
    SnapshotNumber snapshot_;
    const DirectoryEntry& member_;
    std::vector<DamagedRange>& ranges_;
    const std::size_t first_;
};

}  // namespace

Result<void> CheckedTrees::report(const Snapshot& snapshot, std::vector<DamagedRange>& ranges) const {
    for (const auto& member : snapshot.members) {
        if (!member.content.root) continue;
        Teller teller(snapshot.number, member, ranges);
        TreeWalk walk;
        walk.extent = [&](std::uint64_t extent, const ChunkId& id) -> Result<void> {
            if (const auto bad = bad_.find(id); bad != bad_.end()) teller.tell(extent, 1, bad->second);
            return {};
        };
        walk.damaged = [&](std::uint64_t first, std::uint64_t count, const Error& why) {
            teller.tell(first, count, {.object = {}, .why = why.message()});
        };
        walk.enter = [&](const ChunkId& node) -> Result<bool> {
            const auto facts = nodes_.find(node);
            return facts == nodes_.end() || facts->second.is_dirty;
        };
        TRY(walk_tree(nodes_of(member), member.content, 0, extents_of(member.content.size), walk));
    }
    return {};
}

}  // namespace holdfast::repository

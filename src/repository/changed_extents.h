// ChangedExtents: the ids that looks have found for extents which differ from the content before.
#pragma once

#include <algorithm>
#include <array>
#include <bitset>
#include <memory>
#include <vector>

#include "holdfast/base/limits.h"
#include "holdfast/repository/format.h"

namespace holdfast::repository {

// Room only under the leaf nodes (256 extents) in which something changed. One thread.
class ChangedExtents {
public:
    // Extents beyond are forgotten; new ones are as before.
    void resize(std::uint64_t extents) {
        leaves_.resize((extents + limits::node_children_max - 1) / limits::node_children_max);
        const auto inside = extents % limits::node_children_max;
        if (inside == 0 || !leaves_.back()) return;
        for (std::size_t i = inside; i < limits::node_children_max; ++i) leaves_.back()->set.reset(i);
    }
    void put(std::uint64_t extent, const ChunkId& id, std::uint32_t units) {
        auto& leaf = leaves_[extent / limits::node_children_max];
        if (!leaf) leaf = std::make_unique<Leaf>();
        const auto at = extent % limits::node_children_max;
        leaf->units[at] = static_cast<std::uint16_t>(units + (leaf->set[at] ? leaf->units[at] : 0));
        leaf->ids[at] = id;
        leaf->set.set(at);
    }
    const ChunkId* find(std::uint64_t extent) const {
        const auto& leaf = leaves_[extent / limits::node_children_max];
        const auto at = extent % limits::node_children_max;
        return leaf && leaf->set[at] ? &leaf->ids[at] : nullptr;
    }
    bool any_in_leaf(std::uint64_t leaf) const { return leaves_[leaf] && leaves_[leaf]->set.any(); }
    std::uint64_t count() const {
        std::uint64_t sum = 0;
        for (const auto& leaf : leaves_) sum += leaf ? leaf->set.count() : 0;
        return sum;
    }
    // Units (pages) changed, a unit that two looks found changed counted twice, but never more than there are.
    std::uint64_t units(std::uint32_t units_per_extent) const {
        std::uint64_t sum = 0;
        for (const auto& leaf : leaves_) {
            for (std::size_t i = 0; leaf && i < limits::node_children_max; ++i) {
                if (leaf->set[i]) sum += std::min<std::uint32_t>(leaf->units[i], units_per_extent);
            }
        }
        return sum;
    }
    void clear() { leaves_.clear(); }

private:
    struct Leaf {
        std::bitset<limits::node_children_max> set;
        std::array<ChunkId, limits::node_children_max> ids;
        std::array<std::uint16_t, limits::node_children_max> units;
    };
    std::vector<std::unique_ptr<Leaf>> leaves_;
};

}  // namespace holdfast::repository

#include "holdfast/repository/checked_trees.h"

#include <algorithm>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/entries.h"

namespace holdfast::repository {

namespace {

bool is_damage(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::not_found || code == ErrorCode::too_new;
}

}  // namespace

NodeSource CheckedTrees::nodes_of(const DirectoryEntry& entry) const {
    NodeSource nodes(chunks_);
    if (entry.root_node && entry.content.root) nodes.add_copy(*entry.content.root, *entry.root_node);
    return nodes;
}

Result<void> CheckedTrees::add(const Snapshot& snapshot) {
    EntryVisit visit;
    visit.entry = [this](const std::string&, const DirectoryEntry& entry) { return add(entry); };
    visit.enter = [this](const DirectoryEntry& folder) { return folder.content.root && folders_.insert(*folder.content.root).second; };
    visit.damaged = [this](const std::string&, const DirectoryEntry& folder, const Error& why) {
        add_bad(*folder.content.root, {.object = {}, .why = why.message()});
    };
    return visit_entries(chunks_, snapshot, visit);
}

Result<void> CheckedTrees::add(const DirectoryEntry& entry) {
    if (entry.dictionary) live_.add_dictionary(*entry.dictionary);
    if (!entry.content.root) return {};
    if (!entry.root_node) live_.add_chunk(*entry.content.root);
    if (entry.content.levels == 0 || nodes_.contains(*entry.content.root)) return {};
    if (entry.content.levels == 1 && entry.root_node) small_roots_.emplace_back(*entry.content.root, *entry.root_node);
    return add_content(entry.content, nodes_of(entry));
}

Result<void> CheckedTrees::add_content(const Content& content, const NodeSource& nodes) {
    std::vector<Step> steps = {{*content.root, root_place(content)}};
    nodes_[*content.root].level = content.levels;
    while (!steps.empty()) {
        const Step step = steps.back();
        steps.pop_back();
        const auto node = nodes.read_at(step.id, step.place);
        if (!node && !is_damage(node.error().code())) return node.error().copy();
        if (!node) {
            add_bad(step.id, {.object = {}, .why = node.error().message()});
            continue;
        }
        std::uint64_t offset = step.place.below.offset;
        for (std::size_t i = 0; i < node->children.size(); ++i) {
            const ChunkId& child = node->children[i];
            const ByteRange below = below_child(*node, step.place, i, offset);
            offset = below.end();
            live_.add_chunk(child);
            if (step.place.level == 1) continue;
            auto [facts, is_new] = nodes_.try_emplace(child);
            facts->second.parents.push_back(step.id);
            if (!is_new) continue;
            facts->second.level = step.place.level - 1;
            steps.push_back({child, {.scheme = step.place.scheme, .level = step.place.level - 1, .below = below}});
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

// Damaged extents of one entry, neighbours told of together.
class CheckedTrees::Teller {
public:
    Teller(SnapshotNumber snapshot, std::string path, std::vector<DamagedRange>& ranges)
        : snapshot_(snapshot), path_(std::move(path)), ranges_(ranges), first_(ranges.size()) {}
    void tell(const ByteRange& range, const Bad& bad) {
        const bool is_neighbour = ranges_.size() > first_ && ranges_.back().offset + ranges_.back().size == range.offset &&
                                  ranges_.back().object == bad.object;
        if (is_neighbour) ranges_.back().size += range.size;
        else ranges_.push_back({snapshot_, path_, range.offset, range.size, bad.object, bad.why});
    }

private:
    SnapshotNumber snapshot_;
    std::string path_;
    std::vector<DamagedRange>& ranges_;
    const std::size_t first_;
};

Result<void> CheckedTrees::report(const Snapshot& snapshot, std::vector<DamagedRange>& ranges) const {
    EntryVisit visit;
    visit.entry = [&](const std::string& path, const DirectoryEntry& entry) -> Result<void> {
        const auto first = ranges.size();
        if (entry.content.root) TRY(report_entry(entry, Teller(snapshot.number, path, ranges)));
        for (auto at = first; at < ranges.size(); ++at) ranges[at].type = entry.type;
        return {};
    };
    visit.damaged = [](const std::string&, const DirectoryEntry&, const Error&) {};  // told as the folder's own bytes
    return visit_entries(chunks_, snapshot, visit);
}

Result<void> CheckedTrees::report_entry(const DirectoryEntry& entry, Teller teller) const {
    TreeWalk walk;
    walk.extent = [&](const ByteRange& extent, const ChunkId& id) -> Result<void> {
        if (const auto bad = bad_.find(id); bad != bad_.end()) teller.tell(extent, bad->second);
        return {};
    };
    walk.damaged = [&](const ByteRange& below, const Error& why) { teller.tell(below, {.object = {}, .why = why.message()}); };
    walk.enter = [&](const ChunkId& node) -> Result<bool> {
        const auto facts = nodes_.find(node);
        return facts == nodes_.end() || facts->second.is_dirty;
    };
    return walk_tree(nodes_of(entry), entry.content, walk);
}

}  // namespace holdfast::repository

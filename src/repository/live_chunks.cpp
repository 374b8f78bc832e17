#include "holdfast/repository/live_chunks.h"

#include "holdfast/base/text.h"

namespace holdfast::repository {

Result<void> LiveChunks::add(const Snapshot& snapshot) {
    for (const auto& member : snapshot.members) {
        if (member.dictionary) dictionaries_.insert(*member.dictionary);
        const Content& content = member.content;
        if (!content.root) continue;
        NodeSource nodes(chunks_);
        if (member.root_node) nodes.add_copy(*content.root, *member.root_node);
        TreeWalk walk;
        walk.extent = [this](std::uint64_t, const ChunkId& id) -> Result<void> {
            ids_.insert(id);
            return {};
        };
        walk.enter = [&](const ChunkId& node) -> Result<bool> {
            return (node == *content.root ? roots_ : ids_).insert(node).second;
        };
        auto walked = walk_tree(nodes, content, 0, extents_of(content.size), walk);
        if (!walked) {
            return std::move(walked).error().while_doing(format("backup #{}, {}", snapshot.number.value, printable(member.name)));
        }
    }
    return {};
}

}  // namespace holdfast::repository

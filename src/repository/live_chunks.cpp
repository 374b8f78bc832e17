#include "holdfast/repository/live_chunks.h"

#include "holdfast/base/text.h"
#include "holdfast/repository/entries.h"

namespace holdfast::repository {

Result<void> LiveChunks::add(const Snapshot& snapshot) {
    EntryVisit visit;
    visit.entry = [&](const std::string& path, const DirectoryEntry& entry) -> Result<void> {
        auto added = add(entry);
        if (!added) return std::move(added).error().while_doing(format("backup #{}, {}", snapshot.number.value, printable(path)));
        return {};
    };
    visit.enter = [&](const DirectoryEntry& folder) { return folder.content.root && folders_.insert(*folder.content.root).second; };
    return visit_entries(chunks_, snapshot, visit);
}

Result<void> LiveChunks::add(const DirectoryEntry& entry) {
    if (entry.dictionary) dictionaries_.insert(*entry.dictionary);
    const Content& content = entry.content;
    if (!content.root) return {};
    NodeSource nodes(chunks_);
    if (entry.root_node) nodes.add_copy(*content.root, *entry.root_node);
    TreeWalk walk;
    walk.extent = [this](const ByteRange&, const ChunkId& id) -> Result<void> {
        ids_.insert(id);
        return {};
    };
    walk.enter = [&](const ChunkId& node) -> Result<bool> {
        const bool is_beside = entry.root_node && node == *content.root;
        return (is_beside ? roots_ : ids_).insert(node).second;
    };
    return walk_tree(nodes, content, walk);
}

}  // namespace holdfast::repository

// OldExtents: the variable extents of a content as it was: what a new look finds again.
#pragma once

#include <unordered_map>
#include <vector>

#include "holdfast/repository/content_writer.h"

namespace holdfast::repository {

// Numbers count from the start of the file. About 100 bytes for each extent. Immutable, thread-safe.
class OldExtents {
public:
    // corrupt, not_found: a node cannot be read.
    static Result<OldExtents> open(const ChunkReader& chunks, const Before& before);

    const Content& content() const { return content_; }
    std::size_t count() const { return extents_.size(); }
    const ChunkId& id(std::size_t number) const { return extents_[number].id; }
    std::uint32_t size(std::size_t number) const { return extents_[number].size; }
    // Of several that are alike, any.
    std::optional<std::size_t> find(const ChunkId& id) const;

    // The node right above it, if that lies in a pack: a root beside the directory does not.
    std::optional<ChunkId> node_above(std::size_t number) const;
    std::optional<ChunkId> node_above(const ChunkId& node) const;

private:
    explicit OldExtents(Content content) : content_(std::move(content)) {}
    void add(const ByteRange& at, const ChunkId& id, const std::optional<ChunkId>& leaf);

    struct Extent {
        ChunkId id;
        std::uint32_t size = 0;
        std::uint32_t leaf = 0;
    };
    Content content_;
    std::vector<Extent> extents_;
    std::vector<std::optional<ChunkId>> leaves_;
    std::unordered_map<ChunkId, std::uint32_t, NameHasher> numbers_;
    std::unordered_map<ChunkId, ChunkId, NameHasher> above_;  // of nodes
};

}  // namespace holdfast::repository

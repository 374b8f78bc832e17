// ContentReader: a kept file's bytes by position, proven chunk by chunk.
#pragma once

#include <memory>

#include "holdfast/repository/tree.h"

namespace holdfast::repository {

// Thread-safe. Keeps extents read page by page (at most 4 MiB) and a few nodes.
class ContentReader {
public:
    ContentReader(const ChunkReader& chunks, Content content, std::vector<Bytes> root_nodes);
    ~ContentReader();
    const Content& content() const;
    // corrupt: names the extent(s) whose bytes are not proven. invalid: past the end.
    Result<void> read(std::uint64_t offset, MutableByteView into) const;
    // Whole extents, many at a time: what restore uses. `into` ends where the last extent ends.
    Result<void> read_extents(std::uint64_t first, std::uint64_t count, MutableByteView into) const;
    // The id of one extent: equal ids, equal bytes. None when its node is damaged.
    std::optional<ChunkId> extent_id(std::uint64_t extent) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository

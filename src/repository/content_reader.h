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
    // corrupt: names the extent(s) whose bytes are not proven: by number, variable ones by their first byte. invalid: past the end.
    Result<void> read(std::uint64_t offset, MutableByteView into) const;
    // Where the next byte from `offset` lies that may be other than zero; the size, when there is none. By ids alone, extent by
    // extent, so that what was a hole need not be read. What cannot be known may be anything.
    std::uint64_t next_data(std::uint64_t offset) const;

    // Of fixed extents only (`invalid`, none).
    // Whole extents, many at a time. `into` ends where the last extent ends.
    Result<void> read_extents(std::uint64_t first, std::uint64_t count, MutableByteView into) const;
    // The id of one extent: equal ids, equal bytes. None when its node is damaged.
    std::optional<ChunkId> extent_id(std::uint64_t extent) const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository

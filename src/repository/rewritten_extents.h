// RewrittenExtents: extents whose new content is little like what lay there before, but much like what lay elsewhere: a
// full-text index that merges its segments, tables that are rebuilt. They are put off until all that changed is known,
// and then stored as patches on the stored chunks that resemble them most (docs/decisions/0024).
#pragma once

#include <unordered_set>
#include <vector>

#include "holdfast/host/worker_pool.h"
#include "holdfast/repository/extent_encoder.h"
#include "holdfast/repository/packer.h"

namespace holdfast::repository {

// Of one look; one thread.
class RewrittenExtents {
public:
    struct Places {
        host::WorkerPool& pool;
        const ChunkReader& chunks;
        Packer& packer;
        Reuse& reuse;
        ExtentEncoder& encoder;
    };
    explicit RewrittenExtents(const Places& places) : places_(places) {}

    // An extent of the content before of which much was overwritten: what was in it may be elsewhere now.
    void was_there(const ChunkId& before);

    // Takes the bytes along. False: enough have been put off, and this one is to be stored as it is.
    bool may_put_off() const { return put_off_ < put_off_max; }
    struct Extent {
        ChunkId id;
        ByteView bytes;
        std::optional<EncodedChunk> in_place = {};
        bool is_all_other = false;  // no unit is the one that lay there
    };
    void put_off(Extent extent);
    // They should be stored before more are put off.
    bool is_full() const { return waiting_bytes_ >= waiting_bytes_max; }

    // Packs all that wait; the bytes stored.
    Result<std::uint64_t> store();
    // How many of those stored so far lean on others although nothing of them lies where it lay.
    std::uint64_t shifted() const { return shifted_; }

private:
    static constexpr std::size_t waiting_bytes_max = 16 * 1024 * 1024;
    static constexpr std::size_t put_off_max = 4096;   // of a look: more is a rewriting of everything, which takes long enough
    static constexpr std::size_t sources_max = 4096;   // 16 MiB of anchors

    struct Waiting {
        ChunkId id;
        Bytes bytes;
        std::optional<EncodedChunk> in_place;
        bool is_all_other = false;
    };
    struct Anchored;
    struct Stored;
    Result<void> learn();
    std::vector<Reuse::PlainChunkPlace> resembling(ByteView bytes) const;
    Result<EncodedChunk> encode(Waiting& one) const;

    const Places places_;
    std::size_t put_off_ = 0;
    std::uint64_t shifted_ = 0;
    std::size_t waiting_bytes_ = 0;
    std::vector<Waiting> waiting_;
    std::vector<ChunkId> unread_;                              // extents before whose anchors are not known yet
    std::vector<Reuse::PlainChunkPlace> sources_;
    std::unordered_set<ChunkId, NameHasher> known_sources_;
    std::vector<std::uint64_t> anchors_;                       // sorted: anchor in the high half, number of its source in the low one
};

}  // namespace holdfast::repository

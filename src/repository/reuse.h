// Reuse: which stored chunks a session may lean on: they exist, can be decoded, and nobody means to remove them.
#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "holdfast/repository/chunk_reader.h"
#include "holdfast/repository/condemned.h"
#include "holdfast/repository/index.h"

namespace holdfast::repository {

// Of one session. Thread-safe. What it says yes to stays readable until the session has ended, because every prune that
// condemns it later waits for the session (docs/formats/repository.md, 11).
class Reuse {
public:
    struct Places {
        store::ObjectStore& store;
        const Index& index;
        const ChunkReader* prover = nullptr;  // null: that a chunk's pack is there is enough
    };
    Reuse(const Places& places, Condemned condemned)
        : store_(places.store), index_(places.index), prover_(places.prover), condemned_(std::move(condemned)) {}

    // True: a snapshot may name the chunk without storing it again. Its packs are relied on from here on.
    Result<bool> has(const ChunkId& id, ChunkType type);
    // Whether has() also reads the chunk: then nothing is known to be stored without asking.
    bool proves() const { return prover_ != nullptr; }

    // The chunk that a patch may lean on in the place of `id`: itself, when it is stored plain, else its first base.
    struct PlainChunkPlace {
        ChunkId id;
        PackId pack;
        std::optional<ChunkId> dictionary;
        std::uint32_t stored_size = 0;
    };
    Result<std::optional<PlainChunkPlace>> plain_in_place_of(const ChunkId& id);
    // All that stand for it: itself, when it is stored plain, else every base of its patch. None: nothing usable does.
    Result<std::vector<PlainChunkPlace>> plain_bases_of(const ChunkId& id);
    void rely_on(const PlainChunkPlace& place);

    Result<bool> has_dictionary(const ChunkId& id);
    bool is_condemned_dictionary(const ChunkId& id) const { return condemned_.dictionaries.contains(id); }

    // The packs this session has put itself: known to exist, and not to be looked at again.
    void add_own(PackId pack);
    std::vector<PackId> own_packs();

    // Before the commit: every pack relied on still exists. corrupt: it was removed behind everybody's back.
    Result<void> check_relied_on();

private:
    struct Parts {
        std::vector<PackId> packs;
    };
    Result<bool> is_usable(const IndexEntry& entry, Parts& parts);
    Result<std::optional<IndexEntry>> usable_plain(const ChunkId& id);
    Result<bool> exists(PackId pack);
    Result<bool> can_be_read(const ChunkId& id, ChunkType type) const;

    store::ObjectStore& store_;
    const Index& index_;
    const ChunkReader* prover_;
    const Condemned condemned_;

    std::mutex mutex_;  // guards all below; never held while the store is asked
    std::unordered_map<PackId, bool, NameHasher> packs_;
    std::unordered_map<ChunkId, bool, NameHasher> dictionaries_;
    std::unordered_set<PackId, NameHasher> own_;
    std::unordered_set<PackId, NameHasher> relied_on_;
};

}  // namespace holdfast::repository

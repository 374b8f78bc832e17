// What a ChunkReader holds: caches, decompressors that wait for work, and the steps of reading one entry.
#pragma once

#include <mutex>
#include <vector>

#include "holdfast/repository/chunk_reader.h"
#include "holdfast/repository/lru.h"

namespace holdfast::repository {

// Decompressors are not to be shared and not cheap to make: they are lent.
class DecompressorPool {
public:
    class Lent {
    public:
        Lent(DecompressorPool& pool, std::unique_ptr<Decompressor> lent) : pool_(pool), lent_(std::move(lent)) {}
        Lent(const Lent&) = delete;
        Lent& operator=(const Lent&) = delete;
        ~Lent() { pool_.give_back(std::move(lent_)); }
        Decompressor& operator*() { return *lent_; }

    private:
        DecompressorPool& pool_;
        std::unique_ptr<Decompressor> lent_;
    };
    Lent lend();

private:
    void give_back(std::unique_ptr<Decompressor> lent);

    std::mutex mutex_;
    std::vector<std::unique_ptr<Decompressor>> waiting_;
};

using SharedBytes = std::shared_ptr<const Bytes>;

// Which entries of a chunk may be used: a base leans on nothing, so reading never needs more than one step down.
enum class Depth { any, alone };

struct ChunkReader::State {
    State(store::ObjectStore& the_store, const Keys& the_keys, const Index& the_index, const Options& options)
        : store(the_store), keys(the_keys), index(the_index), decoded(options.cache_bytes_max) {}

    store::ObjectStore& store;
    const Keys& keys;
    const Index& index;
    mutable Lru<ChunkId, Bytes, NameHasher> decoded;
    // Of read_many(), and not proven: whatever is decoded with them is, by its own id.
    mutable Lru<ChunkId, Bytes, NameHasher> unproven_bases{unproven_bytes_max};
    mutable Lru<PackId, PackHeader, NameHasher> packs{pack_headers_max};
    mutable Lru<ChunkId, Dictionary, NameHasher> dictionaries{dictionaries_max};
    mutable DecompressorPool decompressors;

    // Bases that a caller has at hand, looked at before the cache.
    using Bases = std::unordered_map<ChunkId, SharedBytes, NameHasher>;

    // A chunk wanted with one depth; type is the domain of its id.
    struct What {
        ChunkId id;
        ChunkType type = ChunkType::extent;
        Depth depth = Depth::any;
    };
    Result<Bytes> read(const What& what) const;
    Result<SharedBytes> read_cached(const What& what) const;

    // Decodes a whole entry (header and payload, as fetched), and proves it by its id.
    struct Fetched {
        const IndexEntry& entry;
        ByteView bytes;
        ChunkType type;
    };
    Result<void> decode(const Fetched& fetched, const Bases& bases, MutableByteView into) const;
    Result<void> decode_unproven(const Fetched& fetched, const Bases& bases, MutableByteView into) const;

    Result<std::shared_ptr<const PackHeader>> pack_header(const PackId& pack) const;
    Result<std::shared_ptr<const Dictionary>> dictionary(const ChunkId& id) const;
    Result<Bytes> read_entry(const IndexEntry& entry, ChunkType type) const;

    static constexpr std::size_t unproven_bytes_max = 24 * 1024 * 1024;
    static constexpr std::size_t pack_headers_max = 1024;
    static constexpr std::size_t dictionaries_max = 8;
};

}  // namespace holdfast::repository

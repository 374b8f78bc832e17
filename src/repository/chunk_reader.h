// ChunkReader: a chunk's plain bytes by id: found, read, unsealed, decoded with its bases or dictionary, proven.
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "holdfast/base/compress.h"
#include "holdfast/repository/index.h"

namespace holdfast::repository {

// Thread-safe; no lock is held while it reads or decodes. Keeps a bounded number of decoded bases, nodes, dictionaries
// and pack headers. What it misses it looks for again in a fresh listing of the index, then in the packs themselves.
class ChunkReader {
public:
    struct State;
    struct Options {
        std::size_t cache_bytes_max = 8 * 1024 * 1024;  // decoded nodes and bases
    };
    ChunkReader(store::ObjectStore& store, const Keys& keys, const Index& index, Options options);
    ChunkReader(store::ObjectStore& store, const Keys& keys, const Index& index);
    ~ChunkReader();

    // The plain bytes, proven by their id. Tries every entry that the index knows before it gives up.
    // corrupt: names chunk, pack and byte range of each entry that failed; not_found: no entry at all.
    Result<Bytes> read(const ChunkId& id, ChunkType type) const;
    // That very entry's bytes, proven: for whoever must know which of several is good.
    Result<Bytes> read_entry(const IndexEntry& entry) const;
    // The same as read(), through the cache: for nodes and bases.
    Result<std::shared_ptr<const Bytes>> read_cached(const ChunkId& id, ChunkType type) const;

    // Many chunks, each decoded into its place; entries that lie side by side in a pack are fetched with one read.
    // `into` sizes must be the plain sizes. The first failure ends it unless on_damage takes it (with the place in
    // `wanted`); the bytes of what failed are undefined.
    struct Wanted {
        ChunkId id;
        MutableByteView into;
    };
    using OnDamage = std::function<void(std::size_t which, const Error& why)>;
    // read_again: from its pack, as a proof of what is stored must. take: what was decoded lately as a base of another chunk
    // is proven and copied.
    enum class Lately : std::uint8_t { read_again, take };
    Result<void> read_many(std::span<const Wanted> wanted, ChunkType type, const OnDamage& on_damage = {}, Lately lately = Lately::read_again) const;

    Result<std::shared_ptr<const Dictionary>> dictionary(const ChunkId& id) const;
    const Keys& keys() const;

private:
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository

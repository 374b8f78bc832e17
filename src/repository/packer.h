// Packer: a session's chunks on their way into packs, which the pool puts while the session goes on.
#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <unordered_set>
#include <vector>

#include "holdfast/host/worker_pool.h"
#include "holdfast/repository/reuse.h"

namespace holdfast::repository {

// add() and finish() are called from one thread; has() and bytes_put() from any. At most packs_in_flight_max full packs
// and the one being filled are in memory. The first failure of a put is the answer to everything that follows.
class Packer {
public:
    struct Places {
        store::ObjectStore& store;
        const Keys& keys;
        host::Random& random;
        host::WorkerPool& pool;
        Index& index;
        Reuse& reuse;
    };
    explicit Packer(const Places& places) : places_(places) {}
    ~Packer();  // waits for what is in flight

    // It has been given, and is in a pack on its way or in the index.
    bool has(const ChunkId& id) const;
    // Returns what it takes in the pack; 0 when it was here already.
    Result<std::uint64_t> add(const EncodedChunk& chunk);
    // Every chunk given is in a durable pack and in the index (which is not flushed yet).
    Result<void> finish();
    std::uint64_t bytes_put() const;

private:
    static constexpr unsigned packs_in_flight_max = 2;
    struct Filling {
        PackBuilder builder;
        std::vector<IndexEntry> entries;  // without the pack's name, which its bytes decide
    };
    Result<void> begin_pack();
    Result<void> send();
    void put(Filling filled);
    Result<void> wait_until_at_most(unsigned in_flight);

    const Places places_;
    std::optional<Filling> filling_;

    mutable std::mutex mutex_;  // guards all below; never held while the store is asked
    std::condition_variable changed_;
    std::unordered_set<ChunkId, NameHasher> on_the_way_;
    unsigned in_flight_ = 0;
    std::uint64_t bytes_put_ = 0;
    std::optional<Error> failure_;
};

}  // namespace holdfast::repository

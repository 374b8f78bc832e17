// Index: all tables of a repository together, what a session has added, and what must not be reused.
#pragma once

#include <memory>

#include "holdfast/base/progress.h"
#include "holdfast/repository/index_table.h"

namespace holdfast::repository {

// Thread-safe, except that one thread at a time adds, flushes and replaces. Store and keys outlive it.
class Index {
    struct State;

public:
    explicit Index(std::unique_ptr<State> state);  // for open()
    static Result<std::unique_ptr<Index>> open(store::ObjectStore& store, const Keys& keys);
    ~Index();
    // Lists the tables again: finds what others have put, lets go of what they have removed.
    Result<void> refresh() const;

    // The entries of a chunk, best first: raw and compressed before patches and copy lists. Empty: not known.
    // A damaged table is passed over and remembered in damage(). Looks again (refresh) when a table has gone.
    Result<std::vector<IndexEntry>> find(const ChunkId& id) const;
    Result<void> for_each(const std::function<Result<void>(const IndexEntry&)>& visit) const;  // any order, may repeat
    Result<void> for_each_pack(const std::function<void(const PackId&)>& visit) const;  // that a table speaks of; may repeat
    std::vector<Error> damage() const;

    // For a reader who misses a chunk: reads entries out of the packs that no table speaks of (all packs, when a table is
    // damaged), once, and keeps them. find() knows them from then on; nothing is written.
    Result<void> recover() const;
    bool has_recovered() const;  // whether that found anything

    // Entries of packs that this session has put; found at once, kept until flushed.
    void add(IndexEntry entry);
    // Puts everything added since the last flush as a table, and merges small tables when there are many of a
    // size (each merged table is durable before the ones it replaces are removed). Returns bytes put. After a failure
    // what was added is kept for the next flush.
    Result<std::uint64_t> flush(host::Random& random);

    // Replaces tables: puts tables with `entries`, then removes every table that the last for_each read whole, or, if
    // there was none, that open() listed; never one that has come since. For prune and rebuild.
    Result<void> replace_all(std::vector<IndexEntry> entries, host::Random& random);

private:
    std::unique_ptr<State> state_;
};

// Entries read out of the packs themselves, for every pack in the store: how a lost index comes back. One pack in memory
// at a time. Damaged entries are left out, as are packs that go meanwhile.
Result<std::vector<IndexEntry>> index_from_packs(store::ObjectStore& store, const Watch& watch);

}  // namespace holdfast::repository

// Index: all tables of a repository together, what a session has added, and what must not be reused.
#pragma once

#include <memory>
#include <set>


#include "holdfast/base/progress.h"
#include "holdfast/repository/index_table.h"

namespace holdfast::repository {

// Thread-safe. Tables are listed when it is opened and again by refresh().
class Index {
public:
    static Result<std::unique_ptr<Index>> open(store::ObjectStore& store, const Keys& keys);
    ~Index();
    Result<void> refresh();

    // The entries of a chunk, best first: raw and compressed before patches and copy lists. Empty: not known.
    // A damaged table is passed over and remembered in damage(). Looks again (refresh) when a table has gone.
    Result<std::vector<IndexEntry>> find(const ChunkId& id) const;
    Result<void> for_each(const std::function<Result<void>(const IndexEntry&)>& visit) const;  // any order, may repeat
    std::vector<Error> damage() const;

    // Entries of packs that this session has put; found at once, kept until flushed.
    void add(IndexEntry entry);
    // Puts one table with everything added since the last flush, and merges small tables when there are many of a
    // size (each merged table is durable before the ones it replaces are removed). Returns bytes put.
    Result<std::uint64_t> flush(host::Random& random);

    // Replaces tables: puts tables with `entries` and removes every table that was listed. For prune and rebuild.
    Result<void> replace_all(std::vector<IndexEntry> entries, host::Random& random);

private:
    struct State;
    explicit Index(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

// Entries read out of the packs themselves, for every pack in the store: how a lost index comes back.
Result<std::vector<IndexEntry>> index_from_packs(store::ObjectStore& store, const Watch& watch);

}  // namespace holdfast::repository

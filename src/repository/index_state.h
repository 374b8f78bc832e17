// What an Index holds while it is open: a set of tables, rows not yet in a table, and what was found damaged.
#pragma once

#include <map>
#include <mutex>
#include <set>

#include "holdfast/repository/block_cache.h"
#include "holdfast/repository/index.h"
#include "holdfast/repository/index_rows.h"

namespace holdfast::repository {

struct Index::State {
    using Tables = std::map<TableId, std::shared_ptr<const IndexTable>>;

    // What one call works on; stays as it is whatever others do meanwhile.
    struct View {
        std::shared_ptr<const Tables> tables;
        std::shared_ptr<const FoundRows> flushing;   // being put as a table
        std::shared_ptr<const FoundRows> recovered;  // read out of packs
    };

    State(store::ObjectStore& the_store, const Keys& the_keys) : store(the_store), keys(the_keys) {}

    store::ObjectStore& store;
    const Keys& keys;
    const std::shared_ptr<BlockCache> cache = std::make_shared<BlockCache>(cache_bytes_max);

    mutable std::mutex mutex;  // guards all below; never held across I/O or a callback
    View view{.tables = std::make_shared<const Tables>(), .flushing = {}, .recovered = {}};
    std::shared_ptr<FoundRows> added = std::make_shared<FoundRows>();
    std::set<TableId> replaceable;  // what replace_all removes
    std::map<TableId, Error> damaged;
    bool is_merging = true;         // no longer when the store refuses to remove

    // Makes one recovery serve everybody who misses something. Held across I/O on purpose: the others need its result.
    std::mutex recovery;
    std::optional<std::size_t> recovered_at;  // how many tables were damaged then; guarded by `recovery`

    View look() const {
        const std::lock_guard lock(mutex);
        return view;
    }
    // An error of a table: damage is remembered and passed over; what is not about its bytes is the caller's.
    Result<void> pass_over(TableId id, Error why);
    Result<std::set<TableId>> list_tables() const;
    // Looks at the store again. `listed` are the names that were there.
    Result<void> refresh(std::set<TableId>& listed);

    struct Put {
        std::set<TableId> ids;
        std::uint64_t bytes = 0;
    };
    // One or more tables with all rows; durable after success.
    Result<Put> put_tables(const IndexRows& rows, host::Random& random);
    // Opens tables and shows them instead of those in `gone`.
    Result<void> show(const std::set<TableId>& come, const std::set<TableId>& gone);
    Result<std::uint64_t> merge_small(host::Random& random);
    Result<std::uint64_t> merge(const std::vector<std::shared_ptr<const IndexTable>>& tables, host::Random& random);

    static constexpr std::size_t cache_bytes_max = 8 * 1024 * 1024;
};

}  // namespace holdfast::repository

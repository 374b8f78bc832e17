// Index tables: sorted, immutable lists of where entries lie, searched on the store (docs/formats/repository.md, 9).
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "holdfast/repository/pack.h"

namespace holdfast::repository {

struct IndexEntry {
    ChunkId id;
    EntryPlace place;
    std::uint32_t plain_size = 0;
    ChunkType type = ChunkType::extent;
    EntryKind kind = EntryKind::raw;
    std::vector<ChunkId> bases;
    std::optional<ChunkId> dictionary;
};

constexpr std::uint64_t table_entries_max = 1u << 18;  // 16 GiB of extents; what building one table holds in memory

// The bytes of a table with these entries (sorted here). `invalid` beyond table_entries_max.
struct BuiltTable {
    TableId id;
    Bytes bytes;
};
Result<BuiltTable> build_table(std::vector<IndexEntry> entries, const Keys& keys, host::Random& random);
store::ObjectName table_name(TableId id);

class BlockCache;  // proven blocks of many tables, bounded together

// One table in a store: reads the blocks it needs, keeps the last few (in `cache` when given). Thread-safe.
class IndexTable {
    struct State;

public:
    explicit IndexTable(std::unique_ptr<State> state);  // for open()
    static Result<std::unique_ptr<IndexTable>> open(store::ObjectStore& store, const Keys& keys, TableId id,
                                                    std::shared_ptr<BlockCache> cache = nullptr);
    ~IndexTable();
    TableId id() const;
    std::uint64_t entries() const;
    // Every entry with that id, appended. Reads about one block.
    Result<void> find(const ChunkId& id, std::vector<IndexEntry>& found) const;
    // Every pack that an entry lies in, once.
    Result<void> for_each_pack(const std::function<void(const PackId&)>& visit) const;
    // All entries in order of id, one block in memory at a time. corrupt: the entries told of so far are right.
    Result<void> for_each(const std::function<Result<void>(const IndexEntry&)>& visit) const;

private:
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository

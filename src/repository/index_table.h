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

constexpr std::uint64_t table_entries_max = 1u << 20;

// The bytes of a table with these entries (sorted here). At most table_entries_max.
struct BuiltTable {
    TableId id;
    Bytes bytes;
};
Result<BuiltTable> build_table(std::vector<IndexEntry> entries, const Keys& keys, host::Random& random);
store::ObjectName table_name(TableId id);

// One table in a store: reads the blocks it needs, keeps the last few. Thread-safe.
class IndexTable {
public:
    static Result<std::unique_ptr<IndexTable>> open(store::ObjectStore& store, const Keys& keys, TableId id);
    ~IndexTable();
    TableId id() const;
    std::uint64_t entries() const;
    // Every entry with that id, appended. Reads about one block.
    Result<void> find(const ChunkId& id, std::vector<IndexEntry>& found) const;
    // All entries in order of id, one block in memory at a time.
    Result<void> for_each(const std::function<Result<void>(const IndexEntry&)>& visit) const;

private:
    struct State;
    explicit IndexTable(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::repository

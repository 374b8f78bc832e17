// IndexRows: many index entries in little memory, laid out as in a table: 56 bytes an entry, ids of bases apart.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "holdfast/base/progress.h"
#include "holdfast/repository/index_table.h"

namespace holdfast::repository {

// One thread adds. Entries keep the order in which they were added.
class IndexRows {
public:
    struct Row {
        ChunkId id;
        std::uint32_t pack = 0;  // counts in packs()
        std::uint32_t offset = 0;
        std::uint32_t stored_size = 0;
        std::uint32_t plain_size = 0;
        ChunkType type = ChunkType::extent;
        EntryKind kind = EntryKind::raw;
        std::uint8_t bases = 0;
        bool dictionary = false;
        std::uint32_t first_base = 0;  // counts in bases(); the dictionary stands behind the bases
    };
    static_assert(sizeof(Row) == 56);

    void add(const IndexEntry& entry);
    IndexEntry entry(std::size_t at) const;
    // Where the rows lie, in the order of a table: by id; of one id what can be read by itself first, then by place.
    // Entries at one and the same place count once, and the order in which they were added does not show.
    std::vector<std::uint32_t> table_order() const;

    std::size_t size() const { return rows_.size(); }
    bool empty() const { return rows_.empty(); }
    const std::vector<Row>& rows() const { return rows_; }
    const std::vector<PackId>& packs() const { return packs_; }
    const std::vector<ChunkId>& bases() const { return bases_; }

private:
    std::uint32_t number_of(const PackId& pack);

    std::vector<Row> rows_;
    std::vector<PackId> packs_;
    std::vector<ChunkId> bases_;
    std::unordered_map<PackId, std::uint32_t, NameHasher> pack_numbers_;
};

// Rows that are found by id as soon as they are added.
class FoundRows {
public:
    void add(const IndexEntry& entry);
    void find(const ChunkId& id, std::vector<IndexEntry>& found) const;  // appended
    const IndexRows& rows() const { return rows_; }

private:
    void place(std::uint32_t row);

    IndexRows rows_;
    std::vector<std::uint32_t> places_;  // open addressing, a power of two at most half full; 0: free, else row + 1
};

// Whether an entry can be read by itself: a base is always kept so.
inline bool stands_alone(EntryKind kind) { return kind == EntryKind::raw || kind == EntryKind::compressed; }

// The entries of all packs that `wanted` takes, read out of the packs themselves, one in memory at a time.
Result<void> read_packs(store::ObjectStore& store, const Watch& watch, const std::function<bool(const PackId&)>& wanted,
                        const std::function<void(const IndexEntry&)>& visit);

// The bytes of a table with those of the rows that `order` names, which is (a part of) their table_order().
Result<BuiltTable> build_table(const IndexRows& rows, std::span<const std::uint32_t> order, const Keys& keys, host::Random& random);

}  // namespace holdfast::repository

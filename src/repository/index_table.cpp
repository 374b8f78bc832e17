#include "holdfast/repository/index_table.h"

#include <algorithm>
#include <atomic>

#include "holdfast/base/limits.h"
#include "holdfast/base/text.h"
#include "holdfast/repository/block_cache.h"
#include "holdfast/repository/table_layout.h"
#include "holdfast/repository/table_proof.h"

namespace holdfast::repository {

namespace {

constexpr std::size_t own_cache_bytes = 512 * 1024;

std::uint64_t next_table_number() {
    static std::atomic<std::uint64_t> next{0};
    return ++next;
}

using Block = std::shared_ptr<const Bytes>;

TableRow row_in(const Bytes& block, std::size_t at) { return load<TableRow>(ByteView(block).subspan(at * sizeof(TableRow))); }

ByteView id_in(const Bytes& block, std::size_t at) { return ByteView(block).subspan(at * sizeof(TableRow), sizeof(Hash)); }

std::strong_ordering compare(ByteView a, const ChunkId& b) {
    return std::memcmp(a.data(), b.hash.bytes.data(), sizeof(Hash)) <=> 0;
}

Error bad_table(std::string_view why) { return fail(ErrorCode::corrupt, "read index table: {}", why); }

// Rows come from outside even where the block proves: anybody can make a plain table.
Result<void> check_row(const TableRow& row, const TableLayout& layout) {
    const bool fits = row.type >= 1 && row.type <= static_cast<std::uint8_t>(ChunkType::directory) &&
                      row.kind <= static_cast<std::uint8_t>(EntryKind::copy_list) && row.bases <= limits::bases_max &&
                      (row.flags & ~row_dictionary_flag) == 0 && row.plain_size <= limits::chunk_size_max;
    const std::uint64_t leans = std::uint64_t{row.bases} + (row.flags == row_dictionary_flag ? 1 : 0);
    const bool inside = row.pack < layout.packs.items && row.offset >= pack_header_size &&
                        row.stored_size >= entry_header_size_min &&
                        row.stored_size <= limits::chunk_stored_max + entry_header_size_max &&
                        std::uint64_t{row.offset} + row.stored_size <= limits::pack_size_max &&
                        (leans == 0 || row.first_base + leans <= layout.bases.items);
    if (!fits || !inside) return bad_table("an entry in it is malformed");
    return {};
}

Result<TableLayout> layout_from(ByteView footer_bytes, std::uint64_t table_size) {
    if (footer_bytes.size() != sizeof(TableFooter)) return bad_table("its footer is cut short");
    const auto footer = load<TableFooter>(footer_bytes);
    TableLayout layout;
    layout.packs.items = footer.packs;
    layout.entries.items = footer.entries;
    layout.bases.items = footer.bases;
    if (layout.table_size() != table_size) return bad_table("its size and its counts disagree");
    return layout;
}

std::size_t lower_bound(const Bytes& block, const ChunkId& id) {
    std::size_t low = 0, high = block.size() / sizeof(TableRow);
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (compare(id_in(block, middle), id) < 0) low = middle + 1;
        else high = middle;
    }
    return low;
}

}  // namespace

struct IndexTable::State {
    store::ObjectStore& store;
    TableId id;
    store::ObjectName name;
    TableProof proof;
    TableLayout layout;
    std::shared_ptr<BlockCache> cache;
    std::uint64_t number;

    Result<Bytes> fetch(const BlockPlace& place) const {
        Buffer bytes(place.size + block_check_size);
        TRY(store.read(name, place.offset, bytes.span()));
        return proof.open(place.number, bytes.view());
    }
    Result<Block> block(const BlockPlace& place) const {
        const BlockKey key{.table = number, .block = place.number};
        if (auto cached = cache->find(key)) return cached;
        auto fetched = std::make_shared<const Bytes>(TRY(fetch(place)));
        cache->put(key, fetched, fetched->size());
        return Block(std::move(fetched));
    }
    Result<Block> rows(std::uint64_t at) const { return block(layout.entry_block(at)); }

    Result<Hash> pack(std::uint32_t at) const {
        const Block ids = TRY(block(layout.pack_block(at / ids_per_block)));
        return Hash::from_bytes(ByteView(*ids).subspan(at % ids_per_block * sizeof(Hash), sizeof(Hash)));
    }
    Result<ChunkId> base(std::uint64_t at) const {
        const Block ids = TRY(block(layout.base_block(at / ids_per_block)));
        return ChunkId{TRY(Hash::from_bytes(ByteView(*ids).subspan(at % ids_per_block * sizeof(Hash), sizeof(Hash))))};
    }

    Result<IndexEntry> entry(const TableRow& row) const {
        TRY(check_row(row, layout));
        IndexEntry entry{.id = ChunkId{Hash{row.id}},
                         .place = {.pack = PackId{TRY(pack(row.pack))}, .offset = row.offset, .stored_size = row.stored_size},
                         .plain_size = row.plain_size,
                         .type = static_cast<ChunkType>(row.type),
                         .kind = static_cast<EntryKind>(row.kind),
                         .bases = {},
                         .dictionary = {}};
        for (std::uint32_t i = 0; i < row.bases; ++i) entry.bases.push_back(TRY(base(std::uint64_t{row.first_base} + i)));
        if (row.flags == row_dictionary_flag) entry.dictionary = TRY(base(std::uint64_t{row.first_base} + row.bases));
        return entry;
    }

    Result<std::optional<std::uint64_t>> block_with(const ChunkId& wanted) const;
};

// The first entry block that can hold the id: one whose last id is not below it. Ids are uniform, so the guess is off by
// a block at most; a table made to deceive costs a bisection.
Result<std::optional<std::uint64_t>> IndexTable::State::block_with(const ChunkId& wanted) const {
    const std::uint64_t blocks = layout.entries.blocks();
    const auto prefix = load<BigEndian<std::uint64_t>>(wanted.hash.view());
    __extension__ using Wide = unsigned __int128;
    std::uint64_t low = 0, high = blocks;  // the answer lies in [low, high]; `blocks` means none
    auto guess = static_cast<std::uint64_t>(Wide{prefix} * layout.entries.items >> 64) / rows_per_block;
    for (int steps = 0; low < high; ++steps) {
        guess = steps < 3 ? std::clamp(guess, low, high - 1) : low + (high - low) / 2;
        const Block rows_here = TRY(rows(guess));
        const std::size_t last = rows_here->size() / sizeof(TableRow) - 1;
        if (compare(id_in(*rows_here, last), wanted) < 0) {
            low = guess + 1;
            ++guess;
        } else {
            high = guess;
            if (compare(id_in(*rows_here, 0), wanted) < 0) low = guess;  // it can lie in no block before
            if (guess > 0) --guess;
        }
    }
    if (low == blocks) return std::optional<std::uint64_t>();
    return std::optional(low);
}

IndexTable::IndexTable(std::unique_ptr<State> state) : state_(std::move(state)) {}
IndexTable::~IndexTable() = default;
TableId IndexTable::id() const { return state_->id; }
std::uint64_t IndexTable::entries() const { return state_->layout.entries.items; }

Result<std::unique_ptr<IndexTable>> IndexTable::open(store::ObjectStore& store, const Keys& keys, TableId id,
                                                     std::shared_ptr<BlockCache> cache) {
    store::ObjectName name = table_name(id);
    const std::uint64_t size = TRY(store.status(name)).size;
    constexpr std::uint64_t footer_size = sizeof(TableFooter) + block_check_size;
    if (size < sizeof(TableStart) + footer_size || size > limits::index_table_max) {
        return bad_table(format("{} bytes is no size for {}", size, name.text()));
    }
    Bytes start(sizeof(TableStart));
    TRY(store.read(name, 0, start));
    TableProof proof = TRY(TableProof::read(start, keys));
    Bytes closed(footer_size);
    TRY(store.read(name, size - footer_size, closed));
    const TableLayout layout = TRY(layout_from(TRY(proof.open(0, closed)), size));
    if (!cache) cache = std::make_shared<BlockCache>(own_cache_bytes);
    return std::make_unique<IndexTable>(std::make_unique<State>(State{.store = store,
                                                                      .id = id,
                                                                      .name = std::move(name),
                                                                      .proof = std::move(proof),
                                                                      .layout = layout,
                                                                      .cache = std::move(cache),
                                                                      .number = next_table_number()}));
}

Result<void> IndexTable::find(const ChunkId& id, std::vector<IndexEntry>& found) const {
    const auto first = TRY(state_->block_with(id));
    if (!first) return {};
    for (std::uint64_t at = *first; at < state_->layout.entries.blocks(); ++at) {
        const Block rows = TRY(state_->rows(at));
        const std::size_t count = rows->size() / sizeof(TableRow);
        std::size_t row = lower_bound(*rows, id);
        for (; row < count && compare(id_in(*rows, row), id) == 0; ++row) {
            found.push_back(TRY(state_->entry(row_in(*rows, row))));
        }
        if (row < count) return {};
    }
    return {};
}

Result<void> IndexTable::for_each_pack(const std::function<void(const PackId&)>& visit) const {
    for (std::uint64_t at = 0; at < state_->layout.packs.blocks(); ++at) {
        const Bytes ids = TRY(state_->fetch(state_->layout.pack_block(at)));
        for (std::size_t i = 0; i < ids.size() / sizeof(Hash); ++i) {
            visit(PackId{TRY(Hash::from_bytes(ByteView(ids).subspan(i * sizeof(Hash), sizeof(Hash))))});
        }
    }
    return {};
}

Result<void> IndexTable::for_each(const std::function<Result<void>(const IndexEntry&)>& visit) const {
    for (std::uint64_t at = 0; at < state_->layout.entries.blocks(); ++at) {
        const Bytes rows = TRY(state_->fetch(state_->layout.entry_block(at)));  // not through the cache: it is read once
        for (std::size_t row = 0; row < rows.size() / sizeof(TableRow); ++row) {
            TRY(visit(TRY(state_->entry(row_in(rows, row)))));
        }
    }
    return {};
}

}  // namespace holdfast::repository

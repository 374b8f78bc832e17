#include "holdfast/repository/index_table.h"

#include <set>

#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

// Entries with ids as uniform as real ones, some patches, some with a dictionary.
IndexEntry entry_number(std::uint64_t number) {
    tests::SeededRandom random(number);
    const auto any_hash = [&] { return must(Hash::from_bytes(host::random_bytes(random, 32))); };
    const auto dice = static_cast<std::uint32_t>(host::random_u64(random) >> 40);
    IndexEntry entry{.id = ChunkId{any_hash()},
                     .place = {.pack = PackId{sha256({{std::byte(dice % 50)}})}, .offset = 48 + dice, .stored_size = 60 + dice % 1000},
                     .plain_size = dice % 65536,
                     .type = dice % 7 == 0 ? ChunkType::node : ChunkType::extent,
                     .kind = EntryKind::compressed,
                     .bases = {},
                     .dictionary = {}};
    if (dice % 3 == 0) {
        entry.kind = dice % 2 == 0 ? EntryKind::patch : EntryKind::copy_list;
        for (std::uint32_t i = 0; i <= dice % 4; ++i) entry.bases.push_back(ChunkId{any_hash()});
    } else if (dice % 3 == 1) {
        entry.dictionary = ChunkId{any_hash()};
    }
    return entry;
}

void expect_equal(const IndexEntry& a, const IndexEntry& b) {
    EXPECT_EQ(a.id, b.id);
    EXPECT_EQ(a.place.pack, b.place.pack);
    EXPECT_EQ(a.place.offset, b.place.offset);
    EXPECT_EQ(a.place.stored_size, b.place.stored_size);
    EXPECT_EQ(a.plain_size, b.plain_size);
    EXPECT_EQ(a.type, b.type);
    EXPECT_EQ(a.kind, b.kind);
    EXPECT_EQ(a.bases, b.bases);
    EXPECT_EQ(a.dictionary, b.dictionary);
}

class Tables : public ::testing::TestWithParam<Sealing> {
protected:
    std::unique_ptr<IndexTable> table_of(const std::vector<IndexEntry>& entries) {
        const BuiltTable built = must(build_table(entries, keys, random));
        EXPECT_EQ(built.id.hash, sha256(built.bytes));
        store.replace(table_name(built.id).text(), built.bytes);
        return must(IndexTable::open(store, keys, built.id));
    }
    static std::vector<IndexEntry> entries(std::uint64_t count) {
        std::vector<IndexEntry> made;
        for (std::uint64_t i = 0; i < count; ++i) made.push_back(entry_number(i));
        return made;
    }
    static std::vector<IndexEntry> find(const IndexTable& table, const ChunkId& id) {
        std::vector<IndexEntry> found;
        must(table.find(id, found));
        return found;
    }

    Keys keys = test_keys(GetParam());
    tests::SeededRandom random;
    tests::MemoryStore store;
};
INSTANTIATE_TEST_SUITE_P(Both, Tables, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(Tables, EveryEntryIsFoundAndNothingElse) {
    for (const std::uint64_t count : {0u, 1u, 2u, 291u, 292u, 293u, 584u, 585u, 5000u}) {
        const auto made = entries(count);
        const auto table = table_of(made);
        EXPECT_EQ(table->entries(), count);
        for (const auto& entry : made) {
            const auto found = find(*table, entry.id);
            ASSERT_EQ(found.size(), 1u);
            expect_equal(found.front(), entry);
        }
        for (std::uint64_t i = 0; i < 100; ++i) EXPECT_TRUE(find(*table, entry_number(1'000'000 + i).id).empty());
        Hash lowest, highest;
        highest.bytes.fill(std::byte{0xFF});
        EXPECT_TRUE(find(*table, ChunkId{lowest}).empty());
        EXPECT_TRUE(find(*table, ChunkId{highest}).empty());
    }
}

TEST_P(Tables, ForEachTellsOfAllInOrder) {
    const auto made = entries(3000);
    const auto table = table_of(made);
    std::map<ChunkId, IndexEntry> left;
    for (const auto& entry : made) left.emplace(entry.id, entry);
    ChunkId before{};
    must(table->for_each([&](const IndexEntry& entry) -> Result<void> {
        EXPECT_LT(before, entry.id);
        before = entry.id;
        expect_equal(entry, left.at(entry.id));
        left.erase(entry.id);
        return {};
    }));
    EXPECT_TRUE(left.empty());
    std::set<PackId> packs, told;
    for (const auto& entry : made) packs.insert(entry.place.pack);
    must(table->for_each_pack([&](const PackId& pack) { EXPECT_TRUE(told.insert(pack).second); }));
    EXPECT_EQ(told, packs);
    int visits = 0;
    EXPECT_THAT(table->for_each([&](const IndexEntry&) -> Result<void> {
        if (++visits == 5) return fail(ErrorCode::cancelled, "enough");
        return {};
    }), FailsWith(ErrorCode::cancelled));
    EXPECT_EQ(visits, 5);
}

// Equal ids over the border of a block: what can be read by itself comes first.
TEST_P(Tables, EqualIdsAreAllFound) {
    std::vector<IndexEntry> made = entries(1000);
    const ChunkId id = made[500].id;
    std::size_t expected = 0;
    for (std::size_t i = 0; i < made.size(); i += 2) {
        made[i].id = id;
        ++expected;
    }
    const auto table = table_of(made);
    const auto found = find(*table, id);
    EXPECT_EQ(found.size(), expected);
    EXPECT_TRUE(std::ranges::is_sorted(found, {}, [](const IndexEntry& entry) { return !entry.bases.empty(); }));
    EXPECT_EQ(find(*table, made[501].id).size(), 1u);
}

TEST_P(Tables, IdsThatAreNotUniformAreFoundAsWell) {
    std::vector<IndexEntry> made = entries(3000);
    for (std::size_t i = 0; i < made.size(); ++i) {
        std::fill_n(made[i].id.hash.bytes.begin(), 20, std::byte{i < 1500 ? std::uint8_t{0} : std::uint8_t{0xFF}});
    }
    const auto table = table_of(made);
    for (const auto& entry : made) EXPECT_EQ(find(*table, entry.id).size(), 1u);
}

TEST_P(Tables, FindingReadsAboutOneBlock) {
    const auto made = entries(50'000);
    const BuiltTable built = must(build_table(made, keys, random));
    store.replace(table_name(built.id).text(), built.bytes);
    std::uint64_t blocks = 0;
    constexpr int tries = 200;
    for (int i = 0; i < tries; ++i) {  // a table just opened has nothing cached
        const auto table = must(IndexTable::open(store, keys, built.id));
        const auto before = store.counts().reads;
        find(*table, entry_number(9'000'000 + static_cast<std::uint64_t>(i)).id);
        blocks += store.counts().reads - before;
    }
    EXPECT_LT(blocks, tries * 2);
}

TEST_P(Tables, EveryFlippedBitIsNoticedOrChangesNothing) {
    const auto made = entries(20);
    const BuiltTable built = must(build_table(made, keys, random));
    const store::ObjectName name = table_name(built.id);
    for (std::uint64_t bit = 0; bit < built.bytes.size() * 8; ++bit) {
        store.replace(name.text(), flipped(built.bytes, bit));
        auto table = IndexTable::open(store, keys, built.id);
        if (!table) continue;
        std::size_t told = 0;
        const auto walked = (*table)->for_each([&](const IndexEntry&) -> Result<void> {
            ++told;
            return {};
        });
        EXPECT_THAT(walked, FailsWith(ErrorCode::corrupt)) << "byte " << bit / 8 << " bit " << bit % 8;
        for (const auto& entry : made) {
            std::vector<IndexEntry> found;
            const auto looked = (*table)->find(entry.id, found);
            for (const auto& one : found) expect_equal(one, entry);
            EXPECT_TRUE(!looked.ok() || found.size() == 1);
        }
    }
}

TEST_P(Tables, EveryOtherLengthIsNoticed) {
    const BuiltTable built = must(build_table(entries(10), keys, random));
    const std::string name = table_name(built.id).text();
    for (std::size_t size = 0; size < built.bytes.size(); ++size) {
        store.replace(name, Bytes(built.bytes.begin(), built.bytes.begin() + static_cast<std::ptrdiff_t>(size)));
        EXPECT_THAT(IndexTable::open(store, keys, built.id), FailsWith(ErrorCode::corrupt)) << size;
    }
    Bytes longer = built.bytes;
    longer.resize(longer.size() + 56);
    store.replace(name, longer);
    EXPECT_THAT(IndexTable::open(store, keys, built.id), FailsWith(ErrorCode::corrupt));
}

TEST_P(Tables, BlocksCannotChangePlaces) {
    const auto made = entries(292 * 2);
    const BuiltTable built = must(build_table(made, keys, random));
    const std::string name = table_name(built.id).text();
    std::set<PackId> packs;
    for (const auto& entry : made) packs.insert(entry.place.pack);
    const std::size_t first = 48 + packs.size() * 32 + 16, block = 292 * 56 + 16;
    Bytes swapped = built.bytes;
    const auto at = swapped.begin() + static_cast<std::ptrdiff_t>(first);
    std::swap_ranges(at, at + block, at + block);
    store.replace(name, swapped);
    const auto table = must(IndexTable::open(store, keys, built.id));
    EXPECT_THAT(table->for_each([](const IndexEntry&) -> Result<void> { return {}; }), FailsWith(ErrorCode::corrupt));
}

TEST_P(Tables, OfTheOtherSealingAreRefused) {
    const BuiltTable built = must(build_table(entries(3), keys, random));
    store.replace(table_name(built.id).text(), built.bytes);
    const Keys other = test_keys(GetParam() == Sealing::plain ? Sealing::sealed : Sealing::plain);
    EXPECT_THAT(IndexTable::open(store, other, built.id), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(IndexTable::open(store, keys, TableId{sha256({})}), FailsWith(ErrorCode::not_found));
}

TEST(PlainTables, AreEqualForEqualEntriesSoThatTwoMergesMakeOneTable) {
    const Keys keys = test_keys(Sealing::plain);
    tests::SeededRandom random;
    std::vector<IndexEntry> made;
    for (std::uint64_t i = 0; i < 100; ++i) made.push_back(entry_number(i));
    const auto once = must(build_table(made, keys, random));
    std::ranges::reverse(made);
    EXPECT_EQ(must(build_table(made, keys, random)).bytes, once.bytes);
    made.push_back(made.front());
    EXPECT_EQ(must(build_table(made, keys, random)).bytes, once.bytes);
}

TEST(PlainTables, MoreEntriesThanOneTakesAreRefused) {
    tests::SeededRandom random;
    std::vector<IndexEntry> made(table_entries_max + 1);
    for (std::size_t i = 0; i < made.size(); ++i) made[i].place.offset = static_cast<std::uint32_t>(i);
    EXPECT_THAT(build_table(std::move(made), test_keys(Sealing::plain), random), FailsWith(ErrorCode::invalid));
}

}  // namespace
}  // namespace holdfast::repository

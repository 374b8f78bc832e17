#include "holdfast/repository/chunk_reader.h"

#include <chrono>
#include <condition_variable>
#include <thread>

#include "holdfast/repository/dictionaries.h"
#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

using ::testing::HasSubstr;

class Chunks : public ::testing::TestWithParam<Sealing> {
protected:
    ChunkReader reader() { return {keeping.store, keeping.keys, *keeping.index}; }
    // The same repository as another process sees it.
    struct Opened {
        Opened(tests::MemoryStore& store, const Keys& keys) : index(must(Index::open(store, keys))), chunks(store, keys, *index) {}
        std::unique_ptr<Index> index;
        ChunkReader chunks;
    };
    static Bytes changed(Bytes bytes, std::size_t at) {
        bytes[at] ^= std::byte{0x5A};
        return bytes;
    }

    Keeping keeping{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Both, Chunks, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(Chunks, OfEveryKindAreReadAndProven) {
    const Bytes rows = row_like_bytes(1, 65536), noise = random_bytes(1, 65536), node = random_bytes(2, 8196);
    const Bytes patched = changed(rows, 500), copied = changed(noise, 5000);
    const Base lean{.id = keeping.name_of(noise), .bytes = noise};
    const auto copies = copies_in_place(noise, copied, 4096);
    keeping.keep_plain(rows);
    keeping.keep_patch(patched, rows);
    keeping.keep_plain(node, ChunkType::node);
    keeping.put_pack();
    keeping.keep(must(encode_copy_list(keeping.chunk(copied), {&lean, 1}, copies, keeping.compressor)));
    keeping.keep_plain(noise);
    keeping.finish();
    const auto chunks = reader();
    for (const Bytes& plain : {rows, noise, patched, copied}) {
        EXPECT_EQ(must(chunks.read(keeping.name_of(plain), ChunkType::extent)), plain);
        EXPECT_EQ(*must(chunks.read_cached(keeping.name_of(plain), ChunkType::extent)), plain);
    }
    const ChunkId node_id = keeping.name_of(node, ChunkType::node);
    EXPECT_EQ(must(chunks.read(node_id, ChunkType::node)), node);
    EXPECT_THAT(chunks.read(node_id, ChunkType::extent), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(chunks.read(keeping.name_of(node), ChunkType::extent), FailsWith(ErrorCode::not_found));
}

TEST_P(Chunks, WithADictionaryNeedItsObjectOnceAndEitherCopy) {
    const Bytes trained = row_like_bytes(100, 30'000), rows = row_like_bytes(101, 2000), more = row_like_bytes(102, 2000);
    const ChunkId id = must(put_dictionary(keeping.store, keeping.keys, keeping.random, trained));
    EXPECT_EQ(must(put_dictionary(keeping.store, keeping.keys, keeping.random, trained)), id);
    EXPECT_EQ(must(get_dictionary(keeping.store, keeping.keys, id)), trained);
    const Dictionary dictionary = must(Dictionary::load(trained, 3));
    const NamedDictionary named{.id = id, .dictionary = &dictionary};
    for (const Bytes& plain : {rows, more}) keeping.keep(must(encode_plain(keeping.chunk(plain), keeping.compressor, &named)));
    keeping.finish();
    keeping.store.flip_bit(dictionary_name(id).text(), 8 * 100);
    const auto chunks = reader();
    EXPECT_EQ(must(chunks.read(keeping.name_of(rows), ChunkType::extent)), rows);
    const auto gets = keeping.store.counts().gets;
    EXPECT_EQ(must(chunks.read(keeping.name_of(more), ChunkType::extent)), more);
    EXPECT_EQ(keeping.store.counts().gets, gets);
    keeping.store.flip_bit(dictionary_name(id).text() + ".copy", 8 * 100);
    EXPECT_THAT(reader().read(keeping.name_of(rows), ChunkType::extent), FailsWith(ErrorCode::corrupt));
}

TEST_P(Chunks, AnotherEntryServesWhereOneIsDamaged) {
    const Bytes rows = row_like_bytes(1, 5000);
    const ChunkId id = keeping.keep_plain(rows);
    const std::string first = pack_name(keeping.put_pack()).text();
    keeping.keep_plain(rows);
    const std::string second = pack_name(keeping.finish()).text();
    const auto whole = keeping.store.contents();
    for (const std::string& hurt : {first, second}) {
        tests::MemoryStore damaged(whole), dropped(whole), cut(whole);
        damaged.flip_bit(hurt, 8 * 300);
        dropped.drop(hurt);
        cut.truncate(hurt, 100);
        for (auto* store : {&damaged, &dropped, &cut}) {
            EXPECT_EQ(must(Opened(*store, keeping.keys).chunks.read(id, ChunkType::extent)), rows);
        }
    }
    keeping.store.flip_bit(first, 8 * 300);
    keeping.store.drop(second);
    const auto failed = reader().read(id, ChunkType::extent);
    ASSERT_THAT(failed, FailsWith(ErrorCode::corrupt));
    for (const std::string& part : {id.hex(), first, second, std::string("bytes 48 to ")}) {
        EXPECT_THAT(failed.error().message(), HasSubstr(part));
    }
}

TEST_P(Chunks, ADamagedBaseIsNamed) {
    const Bytes base = row_like_bytes(1, 5000), patch = changed(base, 9);
    keeping.keep_plain(base);
    const std::string base_pack = pack_name(keeping.put_pack()).text();
    const ChunkId id = keeping.keep_patch(patch, base);
    keeping.finish();
    keeping.store.flip_bit(base_pack, 8 * 300);
    const auto failed = reader().read(id, ChunkType::extent);
    ASSERT_THAT(failed, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(failed.error().message(), HasSubstr(keeping.name_of(base).hex()));
    EXPECT_THAT(failed.error().message(), HasSubstr(base_pack));
}

// Depth is one: a base that is only there as a patch is as good as none, and cannot lead in a circle.
TEST_P(Chunks, ABaseThatLeansItselfIsNotFollowed) {
    const Bytes first = row_like_bytes(1, 5000), second = changed(first, 9), third = changed(second, 99);
    keeping.keep_plain(first);
    keeping.keep_patch(second, first);
    const ChunkId id = keeping.keep_patch(third, second);
    keeping.keep_patch(row_like_bytes(7, 100), row_like_bytes(8, 100));
    keeping.keep_patch(row_like_bytes(8, 100), row_like_bytes(7, 100));
    keeping.finish();
    EXPECT_THAT(reader().read(id, ChunkType::extent), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(reader().read(keeping.name_of(row_like_bytes(7, 100)), ChunkType::extent), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(must(reader().read(keeping.name_of(second), ChunkType::extent)), second);
}

TEST_P(Chunks, AnIndexThatLiesIsNotBelieved) {
    const Bytes first = row_like_bytes(1, 5000), second = changed(first, 9);
    keeping.keep_plain(first);
    keeping.keep_patch(second, second);  // leans on itself
    const PackId pack = keeping.put_pack();
    auto index = must(Index::open(keeping.store, keeping.keys));
    must(keeping.index->for_each([&](const IndexEntry& entry) -> Result<void> {
        IndexEntry lie = entry;
        lie.kind = EntryKind::raw;  // then a patch would be its own base, without end
        lie.bases.clear();
        index->add(lie);
        if (entry.id == keeping.name_of(first)) return {};
        lie.id = keeping.name_of(first);  // another chunk's place
        index->add(lie);
        lie.place = {.pack = pack, .offset = 48, .stored_size = 10'000'000};
        index->add(lie);
        return {};
    }));
    const ChunkReader chunks(keeping.store, keeping.keys, *index);
    EXPECT_THAT(chunks.read(keeping.name_of(second), ChunkType::extent), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(chunks.read(keeping.name_of(first), ChunkType::extent), FailsWith(ErrorCode::corrupt));
}

TEST_P(Chunks, EveryFlippedBitOfAPackFailsOrGivesTheRightBytes) {
    const Bytes noise = random_bytes(3, 100), rows = row_like_bytes(1, 300), patch = changed(rows, 7);
    keeping.keep_plain(noise);
    keeping.keep_plain(rows);
    keeping.keep_patch(patch, rows);
    const std::string pack = pack_name(keeping.finish()).text();
    const std::size_t size = keeping.store.peek(pack)->size();
    std::uint64_t failures = 0;
    for (std::uint64_t bit = 0; bit < size * 8; ++bit) {
        keeping.store.flip_bit(pack, bit);
        const auto chunks = reader();
        for (const Bytes& plain : {noise, rows, patch}) {
            const auto read = chunks.read(keeping.name_of(plain), ChunkType::extent);
            if (read) EXPECT_EQ(*read, plain);
            else ++failures;
        }
        keeping.store.flip_bit(pack, bit);
    }
    EXPECT_GT(failures, (size - 48) * 8 * 9 / 10);
}

TEST_P(Chunks, PacksThatHaveChangedPlacesServeNobody) {
    const Bytes rows = row_like_bytes(1, 5000), other = row_like_bytes(2, 5000);
    keeping.keep_plain(rows);
    const std::string first = pack_name(keeping.put_pack()).text();
    keeping.keep_plain(other);
    const std::string second = pack_name(keeping.finish()).text();
    keeping.store.swap(first, second);
    for (const Bytes& plain : {rows, other}) {
        EXPECT_THAT(reader().read(keeping.name_of(plain), ChunkType::extent), FailsWith(ErrorCode::corrupt));
    }
}

// Prune puts content into new packs and removes the old ones while somebody reads with the index of before.
TEST_P(Chunks, AReaderFollowsContentThatMoves) {
    const Bytes rows = row_like_bytes(1, 5000);
    const ChunkId id = keeping.keep_plain(rows);
    const PackId old = keeping.finish();
    Opened early(keeping.store, keeping.keys);
    keeping.keep_plain(rows);
    keeping.finish();
    keeping.store.drop(pack_name(old).text());
    EXPECT_EQ(must(early.chunks.read(id, ChunkType::extent)), rows);
}

TEST_P(Chunks, WithoutAnyIndexPacksAreSearched) {
    const Bytes rows = row_like_bytes(1, 5000), patch = changed(rows, 50);
    keeping.keep_plain(rows);
    keeping.keep_patch(patch, rows);
    keeping.finish();
    for (const auto& name : keeping.store.names("index/")) keeping.store.drop(name);
    Opened opened(keeping.store, keeping.keys);
    EXPECT_EQ(must(opened.chunks.read(keeping.name_of(patch), ChunkType::extent)), patch);
    Bytes into(5000);
    const ChunkReader::Wanted wanted{.id = keeping.name_of(rows), .into = into};
    Opened again(keeping.store, keeping.keys);
    must(again.chunks.read_many({&wanted, 1}, ChunkType::extent));
    EXPECT_EQ(into, rows);
}

TEST_P(Chunks, AStoreThatCannotBeReachedIsNoDamage) {
    const ChunkId id = keeping.keep_plain(row_like_bytes(1, 5000));
    keeping.finish();
    keeping.store.ask_before([](tests::StoreStep step, const std::string& name) -> Result<void> {
        if (step == tests::StoreStep::read && name.starts_with("packs/")) return fail(ErrorCode::unavailable, "no route");
        return {};
    });
    EXPECT_THAT(reader().read(id, ChunkType::extent), FailsWith(ErrorCode::unavailable));
}

// --- many at once ---

class ManyChunks : public Chunks {
protected:
    // 200 extents in two packs, every third one a patch on the one before.
    ManyChunks() {
        for (std::uint64_t i = 0; i < 200; ++i) {
            if (i % 3 == 2) {
                plains.push_back(changed(plains.back(), i));
                keeping.keep_patch(plains.back(), plains[i - 1]);
            } else {
                plains.push_back(i % 5 == 0 ? random_bytes(i, 65536) : row_like_bytes(i, 65536));
                keeping.keep_plain(plains.back());
            }
            if (i == 120) packs.push_back(keeping.put_pack());
        }
        packs.push_back(keeping.finish());
    }
    struct Order {
        std::vector<Bytes> into;
        std::vector<ChunkReader::Wanted> wanted;
    };
    Order order(const std::vector<std::size_t>& which) {
        Order made;
        for (const std::size_t i : which) made.into.emplace_back(plains[i].size());
        for (std::size_t i = 0; i < which.size(); ++i) {
            made.wanted.push_back({.id = keeping.name_of(plains[which[i]]), .into = made.into[i]});
        }
        return made;
    }
    std::vector<std::size_t> everything() const {
        std::vector<std::size_t> which(plains.size());
        for (std::size_t i = 0; i < which.size(); ++i) which[i] = i;
        return which;
    }
    std::vector<Bytes> plains;
    std::vector<PackId> packs;
};
INSTANTIATE_TEST_SUITE_P(Both, ManyChunks, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(ManyChunks, EachLandsInItsPlace) {
    EXPECT_TRUE(rc::check([&] {
        const auto which = *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, plains.size()));
        auto made = order(which);
        must(reader().read_many(made.wanted, ChunkType::extent));
        for (std::size_t i = 0; i < which.size(); ++i) RC_ASSERT(made.into[i] == plains[which[i]]);
    }));
}

TEST_P(ManyChunks, NeighboursAreFetchedTogether) {
    const auto chunks = reader();
    auto made = order(everything());
    const auto before = keeping.store.counts();
    must(chunks.read_many(made.wanted, ChunkType::extent));
    const auto after = keeping.store.counts();
    std::uint64_t stored = 0;
    for (const auto& pack : packs) stored += keeping.store.peek(pack_name(pack).text())->size();
    EXPECT_LT(after.bytes_read - before.bytes_read, stored * 2);  // bases are read as content and as bases
    EXPECT_LT(after.reads - before.reads, stored / 250'000 + 20);
    EXPECT_EQ(made.into, plains);
}

TEST_P(ManyChunks, DamageIsToldWithItsPlaceAndTheRestIsRead) {
    auto found = must(keeping.index->find(keeping.name_of(plains[40])));
    keeping.store.flip_bit(pack_name(found.at(0).place.pack).text(), (found[0].place.offset + 2000) * 8);  // a base as well
    auto made = order(everything());
    std::vector<std::size_t> damaged;
    must(reader().read_many(made.wanted, ChunkType::extent, [&](std::size_t which, const Error& why) {
        EXPECT_EQ(why.code(), ErrorCode::corrupt);
        damaged.push_back(which);
    }));
    EXPECT_EQ(damaged, (std::vector<std::size_t>{40, 41}));
    for (std::size_t i = 0; i < plains.size(); ++i) EXPECT_TRUE(i == 40 || i == 41 || made.into[i] == plains[i]) << i;
    EXPECT_THAT(reader().read_many(made.wanted, ChunkType::extent), FailsWith(ErrorCode::corrupt));
}

TEST_P(ManyChunks, AWholePackGoneIsToldChunkByChunk) {
    keeping.store.drop(pack_name(packs[1]).text());
    auto made = order(everything());
    std::size_t damaged = 0;
    must(reader().read_many(made.wanted, ChunkType::extent, [&](std::size_t which, const Error&) {
        EXPECT_GT(which, 120u);
        ++damaged;
    }));
    EXPECT_EQ(damaged, 79u);
}

TEST_P(ManyChunks, AnotherSizeOrAnUnknownChunkIsDamage) {
    auto made = order({3, 4});
    made.wanted[0].into = made.wanted[0].into.first(100);
    made.wanted[1].id = keeping.name_of(bytes_of("nobody kept this"));
    std::map<std::size_t, ErrorCode> codes;
    must(reader().read_many(made.wanted, ChunkType::extent, [&](std::size_t which, const Error& why) { codes[which] = why.code(); }));
    EXPECT_EQ(codes, (std::map<std::size_t, ErrorCode>{{0, ErrorCode::corrupt}, {1, ErrorCode::not_found}}));
    EXPECT_THAT(reader().read_many({}, ChunkType::extent), Succeeds());
}

TEST_P(ManyChunks, ManyThreadsReadAtOnce) {
    const auto chunks = reader();
    std::vector<std::jthread> threads;
    for (std::size_t thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&, thread] {
            std::vector<std::size_t> which;
            for (std::size_t i = thread * 20; i < thread * 20 + 130; ++i) which.push_back(i % plains.size());
            for (int round = 0; round < 3; ++round) {
                auto made = order(which);
                EXPECT_THAT(chunks.read_many(made.wanted, ChunkType::extent), Succeeds());
                for (std::size_t i = 0; i < which.size(); ++i) EXPECT_TRUE(made.into[i] == plains[which[i]]);
            }
        });
    }
}

TEST_P(ManyChunks, NoLockIsHeldWhileTheStoreIsRead) {
    const auto chunks = reader();
    std::mutex mutex;
    std::condition_variable changed_count;
    int inside = 0, most = 0;
    keeping.store.ask_before([&](tests::StoreStep step, const std::string& name) -> Result<void> {
        if (step != tests::StoreStep::read || !name.starts_with("packs/")) return {};
        std::unique_lock lock(mutex);
        most = std::max(most, ++inside);
        changed_count.notify_all();
        changed_count.wait_for(lock, std::chrono::seconds(10), [&] { return most >= 2; });
        --inside;
        return {};
    });
    std::vector<std::jthread> threads;
    for (const std::size_t start : {std::size_t{0}, std::size_t{100}}) {
        threads.emplace_back([&, start] { EXPECT_THAT(chunks.read(keeping.name_of(plains[start]), ChunkType::extent), Succeeds()); });
    }
    threads.clear();
    EXPECT_EQ(most, 2);
}

}  // namespace
}  // namespace holdfast::repository

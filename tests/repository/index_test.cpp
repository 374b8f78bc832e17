#include "holdfast/repository/index.h"

#include <set>
#include <thread>

#include "holdfast/repository/index_rows.h"
#include "repository/pieces.h"

namespace holdfast::repository {
namespace {

IndexEntry entry_number(std::uint64_t number) {
    Bytes seed(8);
    for (std::size_t i = 0; i < 8; ++i) seed[i] = static_cast<std::byte>(number >> (8 * i));
    return {.id = ChunkId{sha256(seed)},
            .place = {.pack = PackId{sha256({{std::byte(number % 100)}})}, .offset = 48 + static_cast<std::uint32_t>(number), .stored_size = 100},
            .plain_size = 65536,
            .type = ChunkType::extent,
            .kind = EntryKind::compressed,
            .bases = {},
            .dictionary = {}};
}

class Indexes : public ::testing::TestWithParam<Sealing> {
protected:
    std::unique_ptr<Index> open() { return must(Index::open(store, keys)); }
    void add(Index& index, std::uint64_t first, std::uint64_t count) {
        for (std::uint64_t i = first; i < first + count; ++i) index.add(entry_number(i));
    }
    void put(std::uint64_t first, std::uint64_t count) {
        auto index = open();
        add(*index, first, count);
        must(index->flush(random));
    }
    static bool knows(const Index& index, std::uint64_t number) { return !must(index.find(entry_number(number).id)).empty(); }
    static std::uint64_t known(const Index& index, std::uint64_t count) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < count; ++i) sum += knows(index, i) ? 1u : 0u;
        return sum;
    }
    static std::set<ChunkId> all(const Index& index) {
        std::set<ChunkId> ids;
        must(index.for_each([&](const IndexEntry& entry) -> Result<void> {
            ids.insert(entry.id);
            return {};
        }));
        return ids;
    }
    std::size_t tables() const { return store.names("index/").size(); }

    tests::MemoryStore store;
    tests::SeededRandom random;
    Keys keys = test_keys(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Both, Indexes, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(Indexes, WhatIsAddedIsFoundBeforeAndAfterTheFlush) {
    auto index = open();
    EXPECT_FALSE(knows(*index, 1));
    add(*index, 0, 1000);
    EXPECT_EQ(known(*index, 1200), 1000u);
    EXPECT_EQ(all(*index).size(), 1000u);
    EXPECT_EQ(tables(), 0u);
    EXPECT_GT(must(index->flush(random)), 56'000u);
    EXPECT_EQ(known(*index, 1200), 1000u);
    EXPECT_EQ(known(*open(), 1200), 1000u);
    EXPECT_EQ(all(*open()).size(), 1000u);
    EXPECT_EQ(must(index->flush(random)), 0u);
    EXPECT_EQ(tables(), 1u);
}

TEST_P(Indexes, TablesStayFewAndNothingIsLost) {
    auto index = open();
    std::size_t most = 0;
    for (std::uint64_t i = 0; i < 600; ++i) {
        add(*index, i, 1);
        must(index->flush(random));
        most = std::max(most, tables());
    }
    EXPECT_LE(most, 5u * 4);
    EXPECT_EQ(known(*index, 700), 600u);
    EXPECT_EQ(known(*open(), 700), 600u);
    EXPECT_TRUE(index->damage().empty());
}

TEST_P(Indexes, BestEntryFirst) {
    auto index = open();
    IndexEntry patch = entry_number(1), plain = entry_number(1), list = entry_number(1);
    patch.kind = EntryKind::patch;
    patch.bases = {entry_number(2).id};
    patch.place.offset = 1000;
    list.kind = EntryKind::copy_list;
    list.bases = {entry_number(2).id};
    list.place.offset = 2000;
    index->add(patch);
    must(index->flush(random));
    index->add(plain);
    must(index->flush(random));
    index->add(list);
    index->add(plain);  // again, at the same place
    const auto found = must(index->find(patch.id));
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].kind, EntryKind::compressed);
    EXPECT_EQ(found[1].bases, patch.bases);
}

TEST_P(Indexes, RefreshFindsWhatOthersHavePut) {
    auto early = open();
    put(0, 10);
    EXPECT_FALSE(knows(*early, 3));
    must(early->refresh());
    EXPECT_TRUE(knows(*early, 3));
}

TEST_P(Indexes, TablesThatGoAreLookedForAgain) {
    for (std::uint64_t i = 0; i < 4; ++i) put(i * 10, 10);
    auto reader = open();
    put(40, 10);  // the fifth: merged into one, and the four that the reader knows are gone
    EXPECT_EQ(tables(), 1u);
    EXPECT_EQ(known(*reader, 60), 50u);
    EXPECT_TRUE(reader->damage().empty());
}

TEST_P(Indexes, AFailedFlushKeepsEverythingForTheNext) {
    auto index = open();
    add(*index, 0, 50);
    store.ask_before([](tests::StoreStep step, const std::string&) -> Result<void> {
        if (step == tests::StoreStep::put) return fail(ErrorCode::full, "no room");
        return {};
    });
    EXPECT_THAT(index->flush(random), FailsWith(ErrorCode::full));
    store.ask_before({});
    EXPECT_EQ(known(*index, 50), 50u);
    must(index->flush(random));
    EXPECT_EQ(known(*open(), 50), 50u);
}

// Cut after every step of a flush with a merge: what was durable before is found afterwards, whatever was cut.
TEST_P(Indexes, AMergeCutAnywhereLosesNothing) {
    for (std::uint64_t i = 0; i < 4; ++i) put(i * 10, 10);
    const auto before = store.contents();
    bool was_cut = true;
    int step_max = 0;
    while (was_cut) {
        ++step_max;
        tests::MemoryStore cut(before);
        int step = 0;
        auto index = must(Index::open(cut, keys));
        add(*index, 40, 10);
        cut.ask_before([&](tests::StoreStep, const std::string&) -> Result<void> {
            if (++step >= step_max) return fail(ErrorCode::unavailable, "cut");
            return {};
        });
        const bool flushed = index->flush(random).ok();
        was_cut = step >= step_max;
        cut.ask_before({});
        const auto after = must(Index::open(cut, keys));
        EXPECT_EQ(known(*after, 40), 40u) << "step " << step_max;
        EXPECT_TRUE(!flushed || known(*after, 50) == 50u) << "step " << step_max;
        EXPECT_TRUE(after->damage().empty());
    }
    EXPECT_GT(step_max, 10);
}

// Where nothing may be removed, merging is given up instead of being tried with every flush.
TEST_P(Indexes, AStoreThatRefusesToRemoveCostsOneMerge) {
    auto index = open();
    store.ask_before([](tests::StoreStep step, const std::string&) -> Result<void> {
        if (step == tests::StoreStep::remove) return fail(ErrorCode::denied, "append only");
        return {};
    });
    for (std::uint64_t i = 0; i < 12; ++i) {
        add(*index, i, 1);
        must(index->flush(random));
    }
    EXPECT_EQ(tables(), 13u);
    EXPECT_EQ(known(*open(), 12), 12u);
}

TEST_P(Indexes, ADamagedTableIsPassedOverAndRemembered) {
    put(0, 300);
    put(1000, 5);
    const auto names = store.names("index/");
    for (const auto& name : names) {
        tests::MemoryStore hurt(store.contents());
        hurt.flip_bit(name, (48 + 100 * 32 + 16 + 10) * 8 % (hurt.peek(name)->size() * 8));
        auto index = must(Index::open(hurt, keys));
        std::uint64_t sum = known(*index, 300) + (knows(*index, 1001) ? 1u : 0u);
        EXPECT_LT(sum, 301u);
        EXPECT_GT(sum, 0u);
        ASSERT_EQ(index->damage().size(), 1u);
        EXPECT_THAT(index->damage().front().message(), ::testing::HasSubstr(name));
        all(*index);
        EXPECT_EQ(index->damage().size(), 1u);
    }
}

TEST_P(Indexes, AnErrorOfTheStoreIsNoDamage) {
    put(0, 300);
    auto index = open();
    store.ask_before([](tests::StoreStep step, const std::string&) -> Result<void> {
        if (step == tests::StoreStep::read) return fail(ErrorCode::unavailable, "no route");
        return {};
    });
    EXPECT_THAT(index->find(entry_number(1).id), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(Index::open(store, keys), FailsWith(ErrorCode::unavailable));
    EXPECT_TRUE(index->damage().empty());
}

TEST_P(Indexes, ReplaceAllTakesAwayWhatWasReadAndNothingThatCameSince) {
    put(0, 100);
    put(100, 100);
    auto index = open();
    std::vector<IndexEntry> kept;
    must(index->for_each([&](const IndexEntry& entry) -> Result<void> {
        if (entry.place.offset % 2 == 0) kept.push_back(entry);
        return {};
    }));
    put(500, 7);             // a backup, meanwhile
    must(index->refresh());  // and we even learn of it
    must(index->replace_all(kept, random));
    for (const auto* view : {index.get()}) {
        EXPECT_EQ(known(*view, 200), 100u);
        EXPECT_TRUE(knows(*view, 503));
    }
    EXPECT_EQ(known(*open(), 600), 107u);
    EXPECT_EQ(tables(), 2u);
}

TEST_P(Indexes, ReplaceAllWithoutReadingTakesAwayWhatWasListed) {
    put(0, 100);
    store.flip_bit(store.names("index/").front(), 3);  // so badly damaged that it does not open
    auto index = open();
    EXPECT_EQ(index->damage().size(), 1u);
    std::vector<IndexEntry> all_entries;
    for (std::uint64_t i = 0; i < 100; ++i) all_entries.push_back(entry_number(i));
    must(index->replace_all(all_entries, random));
    EXPECT_TRUE(index->damage().empty());
    EXPECT_EQ(known(*index, 100), 100u);
    EXPECT_EQ(tables(), 1u);
    EXPECT_TRUE(open()->damage().empty());
}

TEST_P(Indexes, ReplaceAllCutAnywhereLosesNothing) {
    put(0, 60);
    const auto before = store.contents();
    bool was_cut = true;
    for (int step_max = 1; was_cut; ++step_max) {
        tests::MemoryStore cut(before);
        auto index = must(Index::open(cut, keys));
        std::vector<IndexEntry> entries;
        must(index->for_each([&](const IndexEntry& entry) -> Result<void> {
            entries.push_back(entry);
            return {};
        }));
        entries.push_back(entry_number(1000));
        int step = 0;
        cut.ask_before([&](tests::StoreStep, const std::string&) -> Result<void> {
            if (++step >= step_max) return fail(ErrorCode::unavailable, "cut");
            return {};
        });
        was_cut = !index->replace_all(entries, random).ok();
        cut.ask_before({});
        EXPECT_EQ(known(*must(Index::open(cut, keys)), 60), 60u) << "step " << step_max;
    }
}

TEST_P(Indexes, ManyThreadsFindWhileOneAdds) {
    auto index = open();
    add(*index, 0, 2000);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (int round = 0; round < 3; ++round) EXPECT_EQ(known(*index, 2000), 2000u);
        });
    }
    for (std::uint64_t i = 0; i < 30; ++i) {
        add(*index, 2000 + i * 10, 10);
        must(index->flush(random));
        must(index->refresh());
    }
    threads.clear();
    EXPECT_EQ(known(*index, 3000), 2300u);
}

TEST_P(Indexes, TwoWritersWhoMergeAtOnceLoseNothing) {
    std::vector<std::jthread> threads;
    for (std::uint64_t writer = 0; writer < 3; ++writer) {
        threads.emplace_back([&, writer] {
            tests::SeededRandom own(writer + 10);
            auto index = open();
            for (std::uint64_t i = 0; i < 60; ++i) {
                index->add(entry_number(writer * 1000 + i));
                EXPECT_THAT(index->flush(own), Succeeds());
            }
        });
    }
    threads.clear();
    const auto index = open();
    for (std::uint64_t writer = 0; writer < 3; ++writer) {
        for (std::uint64_t i = 0; i < 60; ++i) EXPECT_TRUE(knows(*index, writer * 1000 + i)) << writer << " " << i;
    }
    EXPECT_TRUE(index->damage().empty());
}

// The table that exists is merged and removed by another before it could be looked at.
TEST_P(Indexes, ATableThatGoesWhileItIsPutIsPutAgain) {
    tests::SeededRandom one(5), same(5);  // sealed tables with equal entries have one name only by equal salts
    auto index = open(), other = open();
    add(*index, 0, 20);
    add(*other, 0, 20);
    must(other->flush(one));
    const auto name = store.names("index/").at(0);
    int gone = 0;
    store.ask_before([&](tests::StoreStep step, const std::string& what) -> Result<void> {
        if (step == tests::StoreStep::get && what == name) gone += store.drop(name) ? 1 : 0;
        return {};
    });
    EXPECT_THAT(index->flush(same), Succeeds());
    store.ask_before({});
    EXPECT_EQ(gone, 1);
    EXPECT_EQ(known(*open(), 20), 20u);
}

TEST_P(Indexes, WhatComesDuringAFlushThatFailsIsKept) {
    auto index = open();
    add(*index, 0, 10);
    store.ask_before([&](tests::StoreStep step, const std::string&) -> Result<void> {
        if (step != tests::StoreStep::put) return {};
        add(*index, 10, 10);
        return fail(ErrorCode::unavailable, "no");
    });
    EXPECT_THAT(index->flush(random), FailsWith(ErrorCode::unavailable));
    store.ask_before({});
    EXPECT_EQ(known(*index, 20), 20u);
    must(index->flush(random));
    EXPECT_EQ(known(*open(), 20), 20u);
}

// Another reader may refresh whenever the store is asked: what is being walked must not go under the walker.
TEST_P(Indexes, RefreshedWhileItsPacksAreRead) {
    for (const bool recovers : {false, true}) {
        put(0, 300);
        put(300, 300);
        auto index = open();
        int refreshed = 0;
        store.ask_before([&](tests::StoreStep step, const std::string&) -> Result<void> {
            if (step == tests::StoreStep::read) {
                ++refreshed;
                must(index->refresh());
            }
            return {};
        });
        std::set<PackId> packs;
        if (recovers) {
            must(index->recover());
        } else {
            must(index->for_each_pack([&](const PackId& pack) { packs.insert(pack); }));
            EXPECT_EQ(packs.size(), 100u);
        }
        store.ask_before({});
        EXPECT_GT(refreshed, 0);
        EXPECT_EQ(known(*index, 600), 600u);
    }
}

// --- an index out of packs ---

class Recovery : public Indexes {
protected:
    Recovery() {
        for (int pack = 0; pack < 3; ++pack) {
            for (int i = 0; i < 10; ++i) ids.push_back(keeping.keep_plain(row_like_bytes(static_cast<std::uint64_t>(pack * 10 + i), 2000)));
            const Bytes base = row_like_bytes(static_cast<std::uint64_t>(pack * 10), 2000);
            Bytes changed = base;
            changed[7] ^= std::byte{1};
            ids.push_back(keeping.keep_patch(changed, base));
            keeping.finish();
        }
    }
    static std::uint64_t found_of(const Index& index, const std::vector<ChunkId>& wanted) {
        std::uint64_t sum = 0;
        for (const auto& id : wanted) sum += must(index.find(id)).empty() ? 0u : 1u;
        return sum;
    }
    Keeping keeping{GetParam()};
    std::vector<ChunkId> ids;
};
INSTANTIATE_TEST_SUITE_P(Both, Recovery, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(Recovery, PacksTellTheirOwnIndex) {
    const auto rebuilt = must(index_from_packs(keeping.store, {}));
    EXPECT_EQ(rebuilt.size(), ids.size());
    for (const auto& entry : rebuilt) {
        const auto found = must(keeping.index->find(entry.id));
        ASSERT_EQ(found.size(), 1u);
        EXPECT_EQ(found[0].place.pack, entry.place.pack);
        EXPECT_EQ(found[0].place.offset, entry.place.offset);
        EXPECT_EQ(found[0].place.stored_size, entry.place.stored_size);
        EXPECT_EQ(found[0].kind, entry.kind);
        EXPECT_EQ(found[0].bases, entry.bases);
        EXPECT_EQ(found[0].plain_size, entry.plain_size);
    }
}

TEST_P(Recovery, WithEveryTableGoneThePacksAreEnough) {
    for (const auto& name : keeping.store.names("index/")) keeping.store.drop(name);
    auto index = must(Index::open(keeping.store, keeping.keys));
    EXPECT_EQ(found_of(*index, ids), 0u);
    must(index->recover());
    EXPECT_EQ(found_of(*index, ids), ids.size());
    EXPECT_TRUE(keeping.store.names("index/").empty());  // a reader writes nothing
    must(index->replace_all(must(index_from_packs(keeping.store, {})), random));
    EXPECT_EQ(found_of(*must(Index::open(keeping.store, keeping.keys)), ids), ids.size());
}

TEST_P(Recovery, OfAHealthyIndexReadsNoPack) {
    must(keeping.index->recover());
    const auto gets = keeping.store.counts().gets;
    must(keeping.index->recover());
    EXPECT_EQ(keeping.store.counts().gets, gets);
    EXPECT_EQ(gets, 0u);
}

TEST_P(Recovery, BehindDamageEveryTableFlippedAnywhere) {
    const auto names = keeping.store.names("index/");
    for (const auto& name : names) {
        const std::size_t size = keeping.store.peek(name)->size();
        for (std::uint64_t byte = 0; byte < size; byte += 61) {
            tests::MemoryStore hurt(keeping.store.contents());
            hurt.flip_bit(name, byte * 8 + byte % 8);
            auto index = must(Index::open(hurt, keeping.keys));
            if (found_of(*index, ids) < ids.size()) must(index->recover());
            EXPECT_EQ(found_of(*index, ids), ids.size()) << name << " byte " << byte;
        }
    }
}

TEST_P(Recovery, CanBeStopped) {
    std::stop_source source;
    source.request_stop();
    EXPECT_THAT(index_from_packs(keeping.store, {.stop = source.get_token()}), FailsWith(ErrorCode::cancelled));
}

}  // namespace
}  // namespace holdfast::repository

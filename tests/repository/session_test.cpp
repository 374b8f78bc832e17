// Sessions: contents kept and read back, and what that costs in the store.
#include <numeric>
#include <random>

#include "holdfast/base/limits.h"
#include "holdfast/repository/index_rows.h"

#include "repository/backups.h"

namespace holdfast::repository {
namespace {

using namespace tests;

class SessionTest : public ::testing::TestWithParam<Sealing> {
protected:
    SessionTest() {
        program.create();
        program.open();
    }
    std::uint64_t stored() const { return store.counts().bytes_put; }

    tests::MemoryStore store;
    TemporaryFolder cache;
    Program program{store, GetParam(), 1, cache.path()};
};
INSTANTIATE_TEST_SUITE_P(Both, SessionTest, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(SessionTest, KeepsContentsOfEverySize) {
    for (const std::size_t size : {0ul, 1ul, 4096ul, 65535ul, 65536ul, 65537ul, 16 * mebibyte, 16 * mebibyte + 65536, 17 * mebibyte + 5}) {
        const Bytes content = pages(size, size);
        const auto backup = program.backup(content, {.member = format("/data/{}", size), .everything = true});
        EXPECT_EQ(must(program.try_restore(backup.snapshot.number, format("/data/{}", size))), content) << size;
        EXPECT_EQ(backup.kept.plain_sha256, sha256(content)) << size;
    }
}

TEST_P(SessionTest, AFirstBackupIsCompressed) {
    const Bytes content = pages(1, 8 * mebibyte);
    const auto backup = program.backup(content);
    EXPECT_TRUE(backup.kept.dictionary.has_value());
    EXPECT_LT(stored(), content.size() / 2);
    EXPECT_EQ(backup.kept.units_changed, content.size() / 4096);
    EXPECT_EQ(backup.kept.bytes_read, content.size());
}

TEST_P(SessionTest, NothingChangedStoresTheSnapshotAlone) {
    const Bytes content = pages(1, 8 * mebibyte);
    program.backup(content);
    const auto before = store.counts();
    const auto names = store.names();
    const auto backup = program.backup(content);
    EXPECT_EQ(backup.kept.units_changed, 0u);
    EXPECT_EQ(store.counts().puts - before.puts, 3u);  // claim, snapshot, copy
    EXPECT_EQ(store.names().size() - names.size(), 2u);
    EXPECT_LT(stored() - before.bytes_put, 16'000u);
    EXPECT_EQ(program.restore(backup.snapshot.number), content);
}

TEST_P(SessionTest, AFewPagesCostAFewHundredBytesEach) {
    Bytes content = pages(1, 32 * mebibyte);
    program.backup(content);
    const auto before = store.counts();
    touch_pages(content, {5, 700, 701, 3000, 8000}, 1);
    const auto backup = program.backup(content);
    EXPECT_EQ(backup.kept.units_changed, 5u);
    EXPECT_EQ(backup.kept.extents_changed, 4u);
    EXPECT_EQ(store.counts().puts - before.puts, 5u);  // claim, pack, index table, snapshot, copy
    EXPECT_LT(stored() - before.bytes_put, 5 * 800u + 3 * 1200u);
    EXPECT_EQ(program.restore(backup.snapshot.number), content);
}

TEST_P(SessionTest, PatchesNeverLeanOnPatches) {
    Bytes content = pages(1, 4 * mebibyte);
    std::vector<Bytes> contents;
    for (std::uint64_t round = 0; round < 20; ++round) {
        touch_pages(content, {3, 20 + round}, round);
        contents.push_back(content);
        program.backup(content);
    }
    must(program.repository->index().for_each([&](const IndexEntry& entry) -> Result<void> {
        for (const auto& base : entry.bases) {
            const auto found = must(program.repository->index().find(base));
            EXPECT_TRUE(!found.empty() && found.front().bases.empty());
        }
        return {};
    }));
    for (std::uint64_t round = 0; round < 20; ++round) EXPECT_EQ(program.restore({round + 1}), contents[round]);
}

TEST_P(SessionTest, EqualContentIsKeptOnce) {
    const Bytes content = pages(1, 4 * mebibyte);
    program.backup(content);
    const auto before = stored();
    const auto backup = program.backup(content, {.member = "/data/a copy of it"});
    EXPECT_LT(stored() - before, 400'000u);  // its own dictionary, twice
    EXPECT_EQ(must(program.try_restore(backup.snapshot.number, "/data/a copy of it")), content);
}

TEST_P(SessionTest, ZerosCostNothing) {
    Bytes content(64 * mebibyte);
    const auto before = stored();
    const auto backup = program.backup(content);
    EXPECT_LT(stored() - before, 10'000u);
    content[40 * mebibyte] = std::byte{1};
    const auto next = program.backup(content);
    EXPECT_EQ(next.kept.units_changed, 1u);
    EXPECT_EQ(program.restore(next.snapshot.number), content);
    EXPECT_TRUE(is_all_zero(program.restore(backup.snapshot.number)));
}

TEST_P(SessionTest, HolesAreNotRead) {
    constexpr std::uint64_t size = (std::uint64_t{2} << 30) + 777, at = (std::uint64_t{1} << 30) + 12'345;
    const Bytes data = random_bytes(1, 200'000);
    const HoledSource source(size, at, data);
    std::optional<Content> first;
    for (const bool everything : {false, false, true}) {
        auto session = must(program.repository->begin("backup"));
        auto writer = must(session->keep({.like = "holed", .before = must(program.before({})), .everything = everything}));
        must(writer.look(source, {}));
        const auto kept = must(writer.finish());
        EXPECT_EQ(kept.bytes_read, mebibyte);  // the one that holds data
        EXPECT_LT(kept.bytes_stored, first ? 1u : 300'000u);
        EXPECT_EQ(kept.content, first.value_or(kept.content));
        first = kept.content;
        Snapshot draft;
        draft.members.push_back(Program::entry_of(BackupOptions{}.member, kept));
        must(session->commit(std::move(draft)));
        writer.remember();
    }
    const auto snapshot = must(program.repository->snapshot({1}));
    const auto reader = must(program.repository->open_content(snapshot.members.front()));
    EXPECT_EQ(reader->next_data(0), at / 65536 * 65536);
    EXPECT_EQ(reader->next_data(at), at);
    EXPECT_EQ(reader->next_data(at + 300'000), size - 777);  // the last extent is not told of
    Bytes part(mebibyte), expected(mebibyte);
    must(reader->read(at - 100'000, part));
    must(source.read(at - 100'000, expected));
    EXPECT_TRUE(part == expected);
}

TEST_P(SessionTest, ThePagesOfAVacuumAreFoundWhereTheyWere) {
    // What is stored before it is seen that pages have moved depends on the threads: beside this much it is little.
    const Bytes content = pages(1, 96 * mebibyte);
    program.backup(content);
    const auto before = stored();
    // Every page moves by a run of its own, as when free pages between them go.
    Bytes moved;
    for (std::size_t page = 0; page < content.size() / 4096; ++page) {
        if (page % 37 == 5) continue;
        append(moved, ByteView(content).subspan(page * 4096, 4096));
    }
    const auto backup = program.backup(moved);
    EXPECT_LT(stored() - before, content.size() / 30);
    EXPECT_EQ(program.restore(backup.snapshot.number), moved);
}

// The region's bytes in another order, in runs of a few hundred: what an index does that merges its segments.
void shuffle_runs(MutableByteView region, std::uint64_t seed) {
    std::mt19937_64 engine(seed);
    std::vector<ByteView> runs;
    const Bytes before = copy_of(region);
    for (std::size_t at = 0; at < before.size();) {
        const std::size_t length = std::min<std::size_t>(before.size() - at, 300 + engine() % 600);
        runs.push_back(ByteView(before).subspan(at, length));
        at += length;
    }
    std::ranges::shuffle(runs, engine);
    auto into = region.begin();
    for (const auto run : runs) into = std::ranges::copy(run, into).out;
}

TEST_P(SessionTest, WhatIsRewrittenLeansOnWhatItResembles) {
    Bytes content = pages(1, 8 * mebibyte);
    program.backup(content);
    const auto plain = stored();
    std::vector<Bytes> contents;
    std::uint64_t growth = 0;
    for (std::uint64_t round = 0; round < 4; ++round) {
        const auto before = stored();
        shuffle_runs(MutableByteView(content).subspan(mebibyte, mebibyte), round);
        contents.push_back(content);
        program.backup(content);
        growth = std::max(growth, stored() - before);
    }
    EXPECT_LT(growth, plain / 8 / 2);  // an eighth was rewritten each time
    bool has_several = false;
    must(program.repository->index().for_each([&](const IndexEntry& entry) -> Result<void> {
        has_several |= entry.kind == EntryKind::patch && entry.bases.size() > 4;
        for (const auto& base : entry.bases) EXPECT_TRUE(stands_alone(must(program.repository->index().find(base)).front().kind));
        return {};
    }));
    EXPECT_TRUE(has_several);
    for (std::uint64_t round = 0; round < 4; ++round) EXPECT_EQ(program.restore({round + 2}), contents[round]);
}

TEST_P(SessionTest, AFewBytesOfARewrittenExtentAreStillAFewBytes) {
    Bytes content = pages(1, 8 * mebibyte);
    program.backup(content);
    shuffle_runs(MutableByteView(content).subspan(mebibyte, mebibyte), 1);
    program.backup(content);
    const auto before = stored();
    for (std::size_t extent = 16; extent < 32; ++extent) content[extent * limits::extent_size + 100] ^= std::byte{1};
    const auto backup = program.backup(content);
    EXPECT_EQ(backup.kept.units_changed, 16u);
    EXPECT_LT(stored() - before, mebibyte / 8);  // they lean on as many as before
    EXPECT_EQ(program.restore(backup.snapshot.number), content);
}

TEST_P(SessionTest, MoreThanIsPutOffIsStoredToo) {
    Bytes content = pages(1, 24 * mebibyte);
    program.backup(content);
    shuffle_runs(content, 1);  // 384 extents, of which 256 wait at a time
    const auto backup = program.backup(content);
    EXPECT_EQ(program.restore(backup.snapshot.number), content);
}

TEST_P(SessionTest, OnlyWhatASecondLookFindsIsStoredAgain) {
    Bytes first = pages(1, 16 * mebibyte);
    program.backup(first);
    Bytes torn = first, last = first;
    touch_pages(torn, {10, 500}, 1);
    touch_pages(last, {10, 2000}, 2);
    const auto backup = must(program.try_backup(std::vector{torn, last}));
    EXPECT_EQ(program.restore(backup.snapshot.number), last);
    EXPECT_EQ(backup.kept.content, program.backup(last, {.member = "/data/alone"}).kept.content);
}

TEST_P(SessionTest, ASecondLookThatDiffersHasNoSha256) {
    const Bytes first = pages(1, 2 * mebibyte);
    Bytes second = first;
    EXPECT_EQ(must(program.try_backup(std::vector{first, first}, {.everything = true})).kept.plain_sha256, sha256(first));
    touch_pages(second, {7}, 1);
    EXPECT_FALSE(must(program.try_backup(std::vector{first, second}, {.everything = true, .use_parent = false})).kept.plain_sha256.has_value());
    EXPECT_FALSE(must(program.try_backup(std::vector{first, Bytes(first.begin(), first.end() - 1)}, {.everything = true, .use_parent = false}))
                     .kept.plain_sha256.has_value());
}

TEST_P(SessionTest, TheUnitMayChangeBetweenBackups) {
    Bytes content = pages(1, 4 * mebibyte);
    program.backup(content, {.unit = 4096});
    touch_pages(content, {1, 2, 3}, 1);
    const auto backup = program.backup(content, {.unit = 512});
    EXPECT_EQ(program.restore(backup.snapshot.number), content);
    touch_pages(content, {9}, 1);
    const auto next = program.backup(content, {.unit = 65536});
    EXPECT_EQ(next.kept.units_changed, 1u);
    EXPECT_EQ(program.restore(next.snapshot.number), content);
}

TEST_P(SessionTest, NumbersAndIdsAreChained) {
    const Bytes content = pages(1, 100'000);
    const auto first = program.backup(content), second = program.backup(content);
    EXPECT_EQ(first.snapshot.number.value, 1u);
    EXPECT_EQ(second.snapshot.number.value, 2u);
    EXPECT_FALSE(first.snapshot.previous.has_value());
    EXPECT_EQ(second.snapshot.previous, (std::pair{first.snapshot.number, first.snapshot.id}));
    EXPECT_EQ(must(program.repository->snapshot({2})).id, second.snapshot.id);
}

TEST_P(SessionTest, ASessionGivenUpLeavesAVoidNumber) {
    must(program.repository->begin("backup")).reset();
    EXPECT_TRUE(store.names("sessions/").empty());
    EXPECT_TRUE(must(program.repository->list()).snapshots.empty());
    EXPECT_TRUE(must(program.repository->list()).damaged.empty());
    EXPECT_THAT(program.repository->snapshot({1}), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(program.backup(pages(1, 1000)).snapshot.number.value, 2u);
}

TEST_P(SessionTest, AMemberMustComeFromSomewhere) {
    const auto backup = program.backup(pages(1, 1000));
    auto session = must(program.repository->begin("backup"));
    Snapshot draft;
    draft.members.push_back(Program::entry_of("/data/app.db", backup.kept));
    EXPECT_THAT(session->commit(draft), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(session->lean_on(backup.snapshot.number), Succeeds());
    EXPECT_THAT(session->commit(draft), Succeeds());
    EXPECT_EQ(program.restore({2}), pages(1, 1000));
}

// --- random edits ---

struct Edit {
    int kind;
    std::uint64_t at, size, seed;
};

void apply(Bytes& content, const Edit& edit) {
    const auto at = static_cast<std::ptrdiff_t>(content.empty() ? 0 : edit.at % content.size());
    const auto size = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(edit.size, content.size() - static_cast<std::size_t>(at)));
    switch (edit.kind) {
        case 0: std::ranges::copy(random_bytes(edit.seed, static_cast<std::size_t>(size)), content.begin() + at); break;
        case 1: content.erase(content.begin() + at, content.begin() + at + size); break;
        case 2: append(content, pages(edit.seed, edit.size)); break;
        case 3: std::rotate(content.begin(), content.begin() + at / 4096 * 4096, content.end()); break;
        case 6: shuffle_runs(MutableByteView(content).subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size)), edit.seed); break;
        case 4: std::fill(content.begin() + at, content.begin() + at + size, std::byte{0}); break;
        default: content.resize(static_cast<std::size_t>(at)); break;
    }
}

TEST_P(SessionTest, WhateverIsEditedComesBack) {
    EXPECT_TRUE(rc::check([&] {
        tests::MemoryStore place;
        const TemporaryFolder folder;
        Program one(place, GetParam(), *rc::gen::inRange<std::uint64_t>(0, 1000), folder.path());
        one.create();
        one.open();
        Bytes content = pages(*rc::gen::inRange<std::uint64_t>(0, 1000), *rc::gen::inRange<std::size_t>(0, 3'000'000));
        std::map<std::uint64_t, Bytes> kept;
        const auto rounds = *rc::gen::inRange(1, 6);
        for (int round = 0; round < rounds; ++round) {
            kept[one.backup(content, {.everything = *rc::gen::inRange(0, 8) == 0}).snapshot.number.value] = content;
            const auto edits = *rc::gen::inRange(0, 4);
            for (int i = 0; i < edits; ++i) {
                apply(content, {.kind = *rc::gen::inRange(0, 7),
                                .at = *rc::gen::arbitrary<std::uint64_t>(),
                                .size = *rc::gen::inRange<std::uint64_t>(0, *rc::gen::element(10ul, 5000ul, 400'000ul)),
                                .seed = *rc::gen::arbitrary<std::uint32_t>()});
            }
        }
        Program other(place, GetParam(), 5);
        other.open();
        for (const auto& [number, bytes] : kept) RC_ASSERT(other.restore({number}) == bytes);
    }));
}

}  // namespace
}  // namespace holdfast::repository

// check: finds every damage done to any object, says what it means, and nothing wrong is ever handed out.
#include "holdfast/repository/check.h"

#include "holdfast/repository/prune.h"
#include "repository/backups.h"

namespace holdfast::repository {
namespace {

using namespace tests;

class CheckTest : public ::testing::TestWithParam<Sealing> {
protected:
    // A few backups with patches, a dictionary, two members, notes, a gap, a void number and several levels of nodes.
    static const tests::MemoryStore::Contents& sample(Sealing sealing, std::map<std::uint64_t, Bytes>& contents) {
        static std::map<Sealing, std::pair<tests::MemoryStore::Contents, std::map<std::uint64_t, Bytes>>> made;
        auto& [objects, kept] = made[sealing];
        if (objects.empty()) {
            tests::MemoryStore store;
            Program program(store, sealing);
            program.create();
            program.open();
            Bytes content = pages(1, 5 * mebibyte);
            for (std::uint64_t i = 1; i <= 4; ++i) {
                touch_pages(content, {i, 40 * i}, i);
                const auto backup = program.backup(content);
                kept[backup.snapshot.number.value] = content;
            }
            must(program.repository->begin("backup")).reset();
            Bytes large(17 * mebibyte);
            touch_pages(large, {1, 4000}, 4);
            kept[program.backup(large).snapshot.number.value] = large;
            large.resize(16 * mebibyte + 300'000);
            kept[program.backup(large).snapshot.number.value] = large;
            must(program.repository->add_note({1}, {.type = NoteType::seen, .time = {1}}));
            must(prune(*program.repository, {.drop = {{2}}}, {}));
            kept.erase(2);
            objects = store.contents();
        }
        contents = kept;
        return objects;
    }
    CheckTest() : store(sample(GetParam(), contents)), program(store, GetParam(), 3) {}

    // Damage is found; whatever restores is right.
    void expect_found(const std::string& what) {
        const auto opened = program.try_open();
        if (!opened) return;  // found indeed: it does not open
        const auto report = check(*program.repository, {}, {});
        EXPECT_TRUE(!report || !report->good()) << what;
        for (const auto& [number, content] : contents) {
            const auto restored = program.try_restore({number});
            EXPECT_TRUE(!restored || *restored == content) << what << ": #" << number;
            const bool is_told = report && std::ranges::any_of(report->ranges, [&](const DamagedRange& range) {
                return range.snapshot.value == number;
            });
            if (!report) continue;
            EXPECT_TRUE(restored.ok() || is_told) << what << ": #" << number << restored.error().text();
            if (is_told) ++(restored.ok() ? told_but_restored : told_and_lost);
        }
    }
    // A plain base may be damaged where what leans on it reads nothing; anything else told must be true.
    void expect_no_false_alarm() const {
        EXPECT_GT(told_and_lost, 0);
        EXPECT_LE(told_but_restored, GetParam() == Sealing::sealed ? 0 : told_and_lost);
    }
    void expect_found_alone(const std::string& name) {
        program.open();
        const auto report = must(check(*program.repository, {}, {}));
        const auto is_it = [&](const DamagedObject& object) { return object.name == name; };
        EXPECT_TRUE(std::ranges::any_of(report.objects, is_it)) << name;
    }
    // What other objects do not depend on: nobody can miss it.
    static bool is_expendable(const std::string& name) { return name == "reserve"; }

    int told_and_lost = 0, told_but_restored = 0;
    std::map<std::uint64_t, Bytes> contents;
    tests::MemoryStore store;
    Program program;
};
INSTANTIATE_TEST_SUITE_P(Both, CheckTest, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(CheckTest, AGoodRepositoryIsGood) {
    program.open();
    for (const auto level : {VerifyLevel::listed, VerifyLevel::hashed}) {
        const auto report = must(check(*program.repository, {.level = level}, {}));
        for (const auto& object : report.objects) ADD_FAILURE() << object.name << ": " << object.why;
        for (const auto& range : report.ranges) ADD_FAILURE() << range.snapshot.value << ": " << range.why;
        EXPECT_EQ(report.snapshots, contents.size());
    }
    for (const auto& [number, content] : contents) {
        const auto report = must(check(*program.repository, {.snapshots = {{number}}}, {}));
        EXPECT_TRUE(report.good());
        EXPECT_EQ(report.snapshots, 1u);
        EXPECT_GT(report.chunks_checked, 0u);
        EXPECT_EQ(program.restore({number}), content);
    }
    EXPECT_THAT(check(*program.repository, {.snapshots = {{77}}}, {}), FailsWith(ErrorCode::not_found));
}

TEST_P(CheckTest, EveryFlippedBitIsFound) {
    const auto names = store.names();
    std::mt19937_64 engine(5);
    for (const auto& name : names) {
        if (is_expendable(name)) continue;
        const auto size = store.peek(name)->size();
        // Every region: its start, its end, and a few places between.
        std::vector<std::uint64_t> bits = {0, 8 * size - 1, 8 * (size / 2)};
        for (int i = 0; i < 3; ++i) bits.push_back(engine() % (8 * size));
        for (const auto bit : bits) {
            store.flip_bit(name, bit);
            expect_found(format("bit {} of {}", bit, name));
            store.flip_bit(name, bit);
        }
    }
    expect_no_false_alarm();
}

TEST_P(CheckTest, EveryCutIsFound) {
    for (const auto& name : store.names()) {
        if (is_expendable(name)) continue;
        const Bytes whole = *store.peek(name);
        for (const std::size_t size : {std::size_t{0}, std::size_t{1}, whole.size() / 2, whole.size() - 1}) {
            store.truncate(name, size);
            expect_found(format("{} cut to {} bytes", name, size));
            store.replace(name, whole);
        }
    }
}

TEST_P(CheckTest, EveryRemovalIsFound) {
    for (const auto& name : store.names()) {
        if (is_expendable(name) || name.starts_with("notes/")) continue;  // a note more or less cannot be told
        const Bytes whole = *store.peek(name);
        store.drop(name);
        expect_found(name + " removed");
        store.replace(name, whole);
    }
}

TEST_P(CheckTest, ObjectsThatChangedPlacesAreFound) {
    const auto names = store.names();
    for (std::size_t i = 0; i + 1 < names.size(); ++i) {
        if (is_expendable(names[i]) || is_expendable(names[i + 1])) continue;
        if (names[i] + ".copy" == names[i + 1]) continue;  // equal bytes
        store.swap(names[i], names[i + 1]);
        expect_found(names[i] + " and " + names[i + 1]);
        store.swap(names[i], names[i + 1]);
    }
}

TEST_P(CheckTest, ALostPairIsAHole) {
    store.drop("snapshots/3");
    store.drop("snapshots/3.copy");
    program.open();
    const auto report = must(check(*program.repository, {}, {}));
    ASSERT_EQ(report.ranges.size(), 1u);
    EXPECT_EQ(report.ranges[0].snapshot.value, 3u);
    EXPECT_EQ(report.objects.size(), 1u);
}

TEST_P(CheckTest, TheOtherOfTwoIsToldToBeGood) {
    for (const auto* const name : {"snapshots/3", "snapshots/3.copy", "config", "config.copy", "gaps/1", "gaps/1.copy"}) {
        const Bytes whole = *store.peek(name);
        for (const bool remove : {false, true}) {
            if (remove) store.drop(name);
            else store.flip_bit(name, 500);
            program.open();
            const auto report = must(check(*program.repository, {}, {}));
            ASSERT_EQ(report.objects.size(), 1u) << name;
            EXPECT_EQ(report.objects[0].name, name);
            EXPECT_TRUE(report.objects[0].twin_is_good);
            EXPECT_TRUE(report.ranges.empty());
            store.replace(name, whole);
        }
    }
}

TEST_P(CheckTest, DamageIsToldByBackupMemberAndBytes) {
    tests::MemoryStore place;
    Program one(place, GetParam());
    one.create();
    one.open();
    Bytes content = random_bytes(1, 3 * mebibyte);  // stored as it is: positions in the pack are known
    one.backup(content);
    one.backup(content);
    const auto pack = place.names("packs/").front();
    place.flip_bit(pack, 8 * mebibyte);  // in an extent about a third from the start
    one.open();
    for (const auto& request : {CheckRequest{}, CheckRequest{.snapshots = {{1}, {2}}}}) {
        const auto report = must(check(*one.repository, request, {}));
        ASSERT_EQ(report.ranges.size(), 2u);
        for (std::size_t i = 0; i < 2; ++i) {
            EXPECT_EQ(report.ranges[i].snapshot.value, i + 1);
            EXPECT_EQ(report.ranges[i].member, "/data/app.db");
            EXPECT_EQ(report.ranges[i].size, 65536u);
            EXPECT_EQ(report.ranges[i].offset / 65536, mebibyte / 65600);
            EXPECT_EQ(report.ranges[i].object, pack);
        }
    }
    EXPECT_TRUE(must(check(*one.repository, {.level = VerifyLevel::listed}, {})).good());
    place.drop(pack);
    const auto report = must(check(*one.repository, {.level = VerifyLevel::listed}, {}));
    ASSERT_EQ(report.ranges.size(), 2u);
    EXPECT_EQ(report.ranges[0].offset, 0u);
    EXPECT_EQ(report.ranges[0].size, content.size());
    ASSERT_EQ(report.objects.size(), 1u);
    EXPECT_EQ(report.objects[0].name, pack);
}

// The pack that a patch lies in is whole; to be mended is the one of the chunk it leans on.
TEST_P(CheckTest, WhatLeansOnADamagedChunkNamesThatChunksPack) {
    tests::MemoryStore place;
    Program one(place, GetParam());
    one.create();
    one.open();
    Bytes content = random_bytes(1, 3 * mebibyte);
    one.backup(content);
    const auto pack = place.names("packs/").front();
    content[mebibyte / 65600 * 65536 + 100] ^= std::byte{1};
    one.backup(content);
    ASSERT_EQ(place.names("packs/").size(), 2u);
    place.flip_bit(pack, 8 * mebibyte);
    one.open();
    for (const auto& request : {CheckRequest{}, CheckRequest{.snapshots = {{2}}}}) {
        const auto report = must(check(*one.repository, request, {}));
        ASSERT_FALSE(report.ranges.empty());
        const auto& range = report.ranges.back();
        EXPECT_EQ(range.snapshot.value, 2u);
        EXPECT_EQ(range.offset / 65536, mebibyte / 65600);
        EXPECT_EQ(range.object, pack);
        EXPECT_THAT(range.why, ::testing::HasSubstr("leans on"));
    }
}

TEST_P(CheckTest, WhatLeansOnACutPackIsToldByAListing) {
    tests::MemoryStore place;
    Program one(place, GetParam());
    one.create();
    one.open();
    Bytes content = random_bytes(1, 2 * mebibyte);
    one.backup(content);
    const auto first = place.names("packs/").front();
    for (const std::size_t at : {std::size_t{70'000}, mebibyte + 5, 2 * mebibyte - 9}) content[at] ^= std::byte{1};  // kept as patches
    one.backup(content);
    place.truncate(first, place.peek(first)->size() / 2);
    one.open();
    const auto listed = must(check(*one.repository, {.level = VerifyLevel::listed}, {}));
    const auto hashed = must(check(*one.repository, {}, {}));
    const auto lost_in = [](const CheckReport& report) {
        std::vector<std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>> lost;
        for (const auto& range : report.ranges) lost.emplace_back(range.snapshot.value, range.offset, range.size);
        return lost;
    };
    const auto lost = lost_in(hashed);
    EXPECT_TRUE(std::ranges::any_of(lost, [](const auto& range) { return std::get<0>(range) == 2; }));
    EXPECT_EQ(lost_in(listed), lost);
}

TEST_P(CheckTest, OnlyWhatABackupAddedIsReadWhenTheRestIsListed) {
    tests::MemoryStore place;
    Program one(place, GetParam());
    one.create();
    one.open();
    Bytes content = random_bytes(1, 3 * mebibyte);
    one.backup(content);
    const auto first = place.names("packs/").front();
    std::ranges::copy(random_bytes(2, 65'536), content.begin() + 2 * mebibyte);
    one.backup(content);
    const auto packs = place.names("packs/");
    ASSERT_EQ(packs.size(), 2u);
    const auto second = packs[0] == first ? packs[1] : packs[0];
    const CheckRequest added{.snapshots = {{2}}, .listed_if_in = SnapshotNumber{1}};
    const auto read = must(check(*one.repository, added, {}));
    EXPECT_TRUE(read.good());
    EXPECT_GE(read.chunks_checked, 1u);
    EXPECT_LE(read.chunks_checked, 3u);

    place.flip_bit(first, 8 * mebibyte);
    one.open();
    EXPECT_TRUE(must(check(*one.repository, added, {})).good());
    EXPECT_FALSE(must(check(*one.repository, {.snapshots = {{2}}, .listed_if_in = SnapshotNumber{77}}, {})).good()) << "then all are read";
    place.flip_bit(first, 8 * mebibyte);
    place.flip_bit(second, place.peek(second)->size() / 2 * 8);
    one.open();
    EXPECT_FALSE(must(check(*one.repository, added, {})).good());
    place.flip_bit(second, place.peek(second)->size() / 2 * 8);
    place.truncate(first, place.peek(first)->size() / 2);
    one.open();
    EXPECT_FALSE(must(check(*one.repository, added, {})).good()) << "listed means that it is there";
}

TEST_P(CheckTest, ADamagedNodeTakesAllBelowItAlong) {
    tests::MemoryStore place;
    Program one(place, GetParam());
    one.create();
    one.open();
    Bytes content = random_bytes(1, 34 * mebibyte);
    one.backup(content);
    must(one.repository->open_index());
    std::optional<IndexEntry> node;
    must(one.repository->index().for_each([&](const IndexEntry& entry) -> Result<void> {
        if (entry.type == ChunkType::node && entry.plain_size > 8000) node = entry;
        return {};
    }));
    ASSERT_TRUE(node);
    place.flip_bit(pack_name(node->place.pack).text(), 8 * (node->place.offset + node->place.stored_size - 20));
    one.open();
    const auto report = must(check(*one.repository, {}, {}));
    ASSERT_EQ(report.ranges.size(), 1u);
    EXPECT_EQ(report.ranges[0].size, 16 * mebibyte);
    EXPECT_EQ(report.objects.size(), 1u);
}

TEST_P(CheckTest, WithoutAnyIndexEverythingRestores) {
    for (const auto& name : store.names("index/")) store.drop(name);
    program.open();
    for (const auto& [number, content] : contents) EXPECT_EQ(program.restore({number}), content);
    const auto report = must(check(*program.repository, {}, {}));
    EXPECT_TRUE(report.ranges.empty());
    ASSERT_EQ(report.objects.size(), 1u);
    EXPECT_EQ(report.objects[0].name, "index");
    EXPECT_TRUE(report.objects[0].twin_is_good);
    must(prune(*program.repository, {}, {}));
    program.open();
    EXPECT_TRUE(must(check(*program.repository, {}, {})).good());
}

TEST_P(CheckTest, WhatIsBeingWrittenIsNoDamage) {
    program.open();
    auto session = must(program.repository->begin("backup"));
    EXPECT_TRUE(must(check(*program.repository, {}, {})).good());
    // As after a crash between a snapshot and its copy.
    const auto number = session->number().value;
    const Bytes claim = *store.peek(format("sessions/{}", number));
    must(session->commit({}));
    store.replace(format("sessions/{}", number), claim);
    store.drop(format("snapshots/{}.copy", number));
    EXPECT_TRUE(must(check(*program.repository, {}, {})).good());
    store.drop(format("sessions/{}", number));
    EXPECT_FALSE(must(check(*program.repository, {}, {})).good());
}

}  // namespace
}  // namespace holdfast::repository

#include "holdfast/history/recorder.h"

#include "history/recorded.h"
#include "holdfast/base/text.h"

namespace holdfast::history {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using repository::SnapshotNumber;

class Recording : public Recorded {
protected:
    Bytes restored(SnapshotNumber number, const std::string& path = "/data/app.db") {
        const auto snapshot = must(repo->snapshot(number));
        for (const auto& entry : snapshot.members) {
            if (entry.name == path) return bytes_of_image(*must(open_image(*repo, entry)));
        }
        return {};
    }
};

TEST_F(Recording, EveryImageComesBackByteForByte) {
    Bytes bytes = page_bytes(1, 300);
    std::map<std::uint64_t, Bytes> states;
    for (std::uint64_t turn = 0; turn < 4; ++turn) {
        bytes[turn * 70'000] ^= std::byte{0xFF};
        states[record({{.bytes = bytes}}).number.value] = bytes;
        bytes.resize(bytes.size() + 5 * 4096);
    }
    open();  // nothing remembered
    for (const auto& [number, state] : states) EXPECT_EQ(restored({number}), state) << number;
}

TEST_F(Recording, OtherPageSizesAndNothing) {
    for (const std::uint32_t size : {512u, 1024u, 65536u}) {
        const Bytes bytes = page_bytes(size, 5, size);
        const Member member{.path = format("/data/{}.db", size), .bytes = bytes};
        auto recorder = must(Recorder::begin(*repo, source_of({member}, {}), {}));
        auto* kept = must(recorder->member(member.path, size));
        must(kept->look(*sqlite::memory_image(page_size(size), bytes), {}));
        auto entry = entry_of(member);
        entry.database->page_size = size;
        entry.database->page_count = 5;
        must(kept->finish(entry));
        const auto snapshot = must(recorder->commit({}));
        EXPECT_EQ(restored(snapshot.number, member.path), bytes);
        EXPECT_EQ(must(open_image(*repo, snapshot.members.front()))->page_size().bytes(), size);
    }
    const auto empty = record({{.bytes = {}}});
    const auto image = must(open_image(*repo, empty.members.front()));
    EXPECT_EQ(image->last_page().value, 0u);
    EXPECT_EQ(image->size(), 0u);
}

TEST_F(Recording, TheLastLookCounts) {
    const Bytes torn = page_bytes(1, 100);
    Bytes whole = torn;
    whole[5 * 4096] ^= std::byte{1};
    const Member member{.bytes = whole};
    auto recorder = must(Recorder::begin(*repo, source_of({member}, {}), {}));
    auto* kept = must(recorder->member(member.path, 4096));
    must(kept->look(*image_of(torn), {}));
    must(kept->look(*image_of(whole), {}));
    must(kept->finish(entry_of(member)));
    EXPECT_EQ(restored(must(recorder->commit({})).number), whole);
}

TEST_F(Recording, AnImageThatCannotBeReadIsTheImagesFault) {
    class Broken final : public sqlite::Image {
    public:
        sqlite::PageSize page_size() const override { return history::page_size(); }
        sqlite::PageNumber last_page() const override { return {40}; }
        Result<void> read(sqlite::PageRange, std::span<std::byte>) const override {
            return fail(ErrorCode::unavailable, "the disk is gone");
        }
    };
    const Member member{.bytes = page_bytes(1, 20)};
    auto recorder = must(Recorder::begin(*repo, source_of({member}, {}), {}));
    auto* kept = must(recorder->member(member.path, 4096));
    EXPECT_THAT(kept->look(Broken(), {}), FailsWith(ErrorCode::unavailable));
    EXPECT_TRUE(kept->failed_at_source());
}

TEST_F(Recording, AFullRepositoryIsNot) {
    const Member member{.bytes = page_bytes(1, 20'000)};
    auto recorder = must(Recorder::begin(*repo, source_of({member}, {}), {}));
    auto* kept = must(recorder->member(member.path, 4096));
    store.ask_before([](tests::StoreStep step, const std::string& name) -> Result<void> {
        if (step == tests::StoreStep::put && name.starts_with("packs/")) return fail(ErrorCode::full, "no room");
        return {};
    });
    auto looked = kept->look(*image_of(member.bytes), {});
    if (looked) looked = kept->finish(entry_of(member));
    if (looked) {
        const auto committed = recorder->commit({});
        EXPECT_THAT(committed, FailsWith(ErrorCode::full));
    } else {
        EXPECT_THAT(looked, FailsWith(ErrorCode::full));
    }
    EXPECT_FALSE(kept->failed_at_source());
}

TEST_F(Recording, MembersFailuresAndStatisticsAreFilledIn) {
    const std::vector<Member> members = {{.path = "/data/b.db", .bytes = page_bytes(2, 30)},
                                         {.path = "/data/a.db", .bytes = page_bytes(1, 20)}};
    const auto snapshot = record(members, {.failed = {"/data/c.db"}});
    ASSERT_EQ(snapshot.members.size(), 2u);
    EXPECT_EQ(snapshot.members[0].name, "/data/a.db");
    EXPECT_TRUE(snapshot.partial);
    ASSERT_EQ(snapshot.failed.size(), 1u);
    EXPECT_EQ(snapshot.failed[0].path, "/data/c.db");
    EXPECT_THAT(snapshot.failed[0].error, HasSubstr("it is held"));
    EXPECT_EQ(snapshot.statistics.logical_bytes, 50u * 4096);
    EXPECT_EQ(snapshot.statistics.pages_changed, 50u);
    EXPECT_GT(snapshot.statistics.bytes_stored, 0u);
    EXPECT_THAT(snapshot.source.paths, ElementsAre("/data/a.db", "/data/b.db", "/data/c.db"));
}

TEST_F(Recording, AMemberTakenOverIsNotReadAndRestores) {
    const Bytes bytes = page_bytes(1, 40);
    record({{.bytes = bytes}});
    const auto source = source_of({{.bytes = bytes}}, {});
    auto before = must(kept_before(*repo, source, "/data/app.db"));
    ASSERT_TRUE(before.has_value());
    auto recorder = must(Recorder::begin(*repo, source, {}));
    must(recorder->take_over(*before));
    const auto snapshot = must(recorder->commit({}));
    EXPECT_EQ(snapshot.number.value, 2u);
    EXPECT_EQ(snapshot.statistics.bytes_read, 0u);
    open();
    EXPECT_EQ(restored({2}), bytes);
}

TEST_F(Recording, AMemberTakenOverAgainOrReadAfterAllIsKeptOnce) {
    const Bytes bytes = page_bytes(1, 40), changed = page_bytes(2, 40);
    record({{.bytes = bytes}});
    const auto source = source_of({{.bytes = bytes}}, {});
    const auto before = must(kept_before(*repo, source, "/data/app.db"));
    auto recorder = must(Recorder::begin(*repo, source, {}));
    must(recorder->take_over(*before));
    must(recorder->take_over(*before));
    auto* member = must(recorder->member("/data/app.db", 4096));
    must(member->look(*image_of(changed), {}));
    must(member->finish(entry_of({.bytes = changed})));
    EXPECT_EQ(must(recorder->commit({})).members.size(), 1u);
    open();
    EXPECT_EQ(restored({2}), changed);
}

TEST_F(Recording, AnEntryThatDoesNotFitItsContentIsRefused) {
    auto entry = record(1).members.front();
    auto wrong = entry;
    wrong.database->page_count += 1;
    EXPECT_THAT(open_image(*repo, wrong), FailsWith(ErrorCode::corrupt));
    wrong = entry;
    wrong.database->page_size = 4095;
    EXPECT_THAT(open_image(*repo, wrong), FailsWith(ErrorCode::corrupt));
    wrong = entry;
    wrong.database.reset();
    EXPECT_THAT(open_image(*repo, wrong), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(open_image(*repo, entry), Succeeds());
}

TEST_F(Recording, PagesOutsideAnImageAreRefused) {
    const auto image = must(open_image(*repo, record(1).members.front()));
    Bytes into(4096);
    EXPECT_THAT(image->read({sqlite::PageNumber{21}, 1}, into), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(image->read({sqlite::PageNumber{20}, 1}, into), Succeeds());
}

TEST_F(Recording, HashesOfExtentsAreKnownAndSayWhatIsEqual) {
    Bytes bytes = page_bytes(1, 40);
    const auto one = must(open_image(*repo, record({{.bytes = bytes}}).members.front()));
    bytes[17 * 4096] ^= std::byte{1};
    const auto two = must(open_image(*repo, record({{.bytes = bytes}}).members.front()));
    const auto extent = [](std::uint32_t first, std::uint32_t count) { return sqlite::PageRange{sqlite::PageNumber{first}, count}; };
    ASSERT_TRUE(one->known_hash(extent(1, 16)).has_value());
    EXPECT_EQ(one->known_hash(extent(1, 16)), two->known_hash(extent(1, 16)));
    ASSERT_TRUE(one->known_hash(extent(17, 16)).has_value());
    EXPECT_NE(one->known_hash(extent(17, 16)), two->known_hash(extent(17, 16)));
    EXPECT_TRUE(one->known_hash(extent(33, 8)).has_value()) << "the last extent is shorter";
    EXPECT_FALSE(one->known_hash(extent(2, 16)).has_value());
    EXPECT_FALSE(one->known_hash(extent(1, 15)).has_value());
}

TEST_F(Recording, WhatItLookedLikeIsRememberedForThatContentOnly) {
    const MemberKey key{.source = {std::byte{1}}, .member = "/data/app.db"};
    EXPECT_FALSE(recall_appearance(*repo, key).has_value());
    const auto content = record(1).members.front().content;
    remember_appearance(*repo, key, {.appearance = "inode 5 size 9", .frozen = second(5), .content = content});
    open();
    const auto remembered = recall_appearance(*repo, key);
    ASSERT_TRUE(remembered.has_value());
    EXPECT_EQ(remembered->appearance, "inode 5 size 9");
    EXPECT_EQ(remembered->frozen, second(5));
    EXPECT_EQ(remembered->content, content);
    EXPECT_FALSE(recall_appearance(*repo, {.source = key.source, .member = "/data/other.db"}).has_value());
    EXPECT_FALSE(recall_appearance(*repo, {.source = {}, .member = key.member}).has_value());
}

TEST_F(Recording, AnAppearanceThatWasTouchedIsForgotten) {
    const MemberKey key{.source = {std::byte{1}}, .member = "/data/app.db"};
    remember_appearance(*repo, key, {.appearance = "a", .frozen = second(5), .content = record(1).members.front().content});
    auto& files = host::posix_file_system();
    const std::string cache = folder / "cache/appearance";
    const auto names = must(files.list(cache));
    ASSERT_EQ(names.size(), 1u) << "no file was left aside";
    const std::string path = host::join_path(cache, names.front());
    const Bytes good = must(host::read_file(files, path, 1 << 20));
    for (std::size_t at = 0; at < good.size(); ++at) {
        Bytes bad = good;
        bad[at] ^= std::byte{4};
        must(host::replace_atomically(files, path, bad, 0600));
        ASSERT_FALSE(recall_appearance(*repo, key).has_value()) << at;
    }
    must(host::replace_atomically(files, path, good, 0600));
    EXPECT_TRUE(recall_appearance(*repo, key).has_value());
}

}  // namespace
}  // namespace holdfast::history

// prune: what it frees, what it never touches, and how it ends what others left half done.
#include "holdfast/repository/prune.h"

#include "holdfast/repository/check.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/condemned.h"
#include "holdfast/repository/dictionaries.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/lease.h"
#include "holdfast/repository/reserve.h"
#include "holdfast/repository/reuse.h"
#include "repository/backups.h"

namespace holdfast::repository {
namespace {

using namespace tests;

class PruneTest : public ::testing::TestWithParam<Sealing> {
protected:
    PruneTest() {
        program.create();
        program.open();
    }

    // Backups 1 … count of a content that changes a little each time.
    void make_backups(std::uint64_t count, std::size_t size = 2 * mebibyte) {
        Bytes content = contents.empty() ? pages(1, size) : contents.rbegin()->second;
        for (std::uint64_t i = 0; i < count; ++i) {
            touch_pages(content, {i % 50, 60 + i * 7 % 300}, contents.size());
            contents[program.backup(content).snapshot.number.value] = content;
        }
    }
    PruneReport prune(std::vector<std::uint64_t> drop, PruneRequest request = {}) { return must(try_prune(drop, request)); }
    Result<PruneReport> try_prune(const std::vector<std::uint64_t>& drop, PruneRequest request = {}) {
        for (const auto number : drop) request.drop.push_back({number});
        auto report = repository::prune(*program.repository, request, {});
        if (report && !request.dry_run) {
            for (const auto number : drop) contents.erase(number);
        }
        return report;
    }
    // Read by a program that knows nothing yet.
    void expect_all_restore() {
        Program other(store, GetParam(), 9);
        other.open();
        const auto listing = must(other.repository->list());
        EXPECT_TRUE(listing.damaged.empty());
        EXPECT_EQ(listing.snapshots.size(), contents.size());
        for (const auto& [number, content] : contents) EXPECT_EQ(must(other.try_restore({number})), content) << number;
    }
    std::uint64_t bytes_in(std::string_view prefix) const {
        std::uint64_t sum = 0;
        for (const auto& name : store.names(prefix)) sum += store.peek(name)->size();
        return sum;
    }
    Presence dead_process() const {
        Presence presence{.process = host::this_process(), .since = {}, .purpose = "backup"};
        presence.process.boot_id = "another boot";
        return presence;
    }
    Presence elsewhere() const {
        Presence presence{.process = host::this_process(), .since = {}, .purpose = "backup"};
        presence.process.boot_id = "another boot";
        presence.process.machine_id = "another machine";
        return presence;
    }

    tests::MemoryStore store;
    TemporaryFolder cache;
    Program program{store, GetParam(), 1, cache.path()};
    std::map<std::uint64_t, Bytes> contents;
};
INSTANTIATE_TEST_SUITE_P(Both, PruneTest, ::testing::Values(Sealing::plain, Sealing::sealed), name_of_sealing);

TEST_P(PruneTest, DroppingNothingFreesNothing) {
    make_backups(3);
    const auto before = store.contents();
    const auto report = prune({});
    EXPECT_EQ(report.dropped.size() + report.packs_removed + report.bytes_freed, 0u);
    EXPECT_EQ(store.contents(), before);
    expect_all_restore();
}

TEST_P(PruneTest, DropsWhatItIsToldAndKeepsTheRest) {
    make_backups(6);
    const auto report = prune({1, 2, 5});
    EXPECT_EQ(report.dropped.size(), 3u);
    EXPECT_THAT(program.repository->snapshot({2}), FailsWith(ErrorCode::not_found));
    EXPECT_FALSE(store.has("snapshots/1"));
    EXPECT_FALSE(store.has("snapshots/5.copy"));
    expect_all_restore();
    make_backups(1);
    EXPECT_EQ(contents.rbegin()->first, 7u);  // no number is used twice
    expect_all_restore();
}

TEST_P(PruneTest, WhatIsHeldStaysWhicheverNoteCameFirst) {
    make_backups(4);
    const auto note = [&](std::uint64_t number, NoteType type) { must(program.repository->add_note({number}, {.type = type, .time = {1}})); };
    note(1, NoteType::forgotten);
    note(1, NoteType::held);
    note(2, NoteType::held);
    note(2, NoteType::forgotten);
    note(3, NoteType::forgotten);
    note(3, NoteType::held);
    note(3, NoteType::unheld);
    PruneRequest request{.drop = {{1}, {2}, {3}}};
    for (const bool dry : {true, false}) {
        request.dry_run = dry;
        EXPECT_EQ(must(try_prune({}, request)).dropped, std::vector<SnapshotNumber>{{3}}) << dry;
    }
    contents.erase(3);
    expect_all_restore();
}

TEST_P(PruneTest, FreesWhatOnlyDroppedBackupsNeeded) {
    const auto other = program.backup(pages(99, 6 * mebibyte), {.member = "/data/other.db"});
    make_backups(1);
    const auto before = bytes_in("packs/") + bytes_in("dictionaries/");
    const auto report = prune({other.snapshot.number.value});
    const auto after = bytes_in("packs/") + bytes_in("dictionaries/");
    EXPECT_EQ(before - after, report.bytes_freed);
    EXPECT_GT(report.bytes_freed, mebibyte);
    EXPECT_EQ(report.bytes_kept, bytes_in("packs/"));
    EXPECT_FALSE(must(Reuse({.store = store, .index = program.repository->index()}, {}).has_dictionary(*other.kept.dictionary)));
    expect_all_restore();
}

// On a slow store somebody commits between the listing of the packs and that of the snapshots, every time.
TEST_P(PruneTest, BackupsThatCommitWhileItLooksAreNoDamage) {
    make_backups(3);
    std::uint64_t committed = 0;
    bool is_inside = false;
    store.ask_before([&](tests::StoreStep step, const std::string& name) -> Result<void> {
        if (is_inside || step != tests::StoreStep::list || name != "sessions") return {};
        is_inside = true;
        Program other(store, GetParam(), 50 + committed);
        other.open();
        const Bytes content = pages(200 + committed++, mebibyte);
        contents[other.backup(content, {.member = "/data/other.db"}).snapshot.number.value] = content;
        is_inside = false;
        return {};
    });
    EXPECT_THAT(try_prune({1}), Succeeds());
    store.ask_before({});
    EXPECT_GT(committed, 1u);
    Program reader(store, GetParam(), 9);
    reader.open();
    for (const auto& [number, content] : contents) {
        EXPECT_EQ(must(number > 3 ? reader.try_restore({number}, "/data/other.db") : reader.try_restore({number})), content) << number;
    }
    EXPECT_TRUE(must(check(*reader.repository, {}, {})).good());
}

TEST_P(PruneTest, ADryRunSaysExactlyWhatARealOneDoes) {
    program.backup(pages(99, 5 * mebibyte), {.member = "/data/other.db"});
    make_backups(30);
    const auto before = store.contents();
    const auto dry = prune({1, 4, 9}, {.dry_run = true});
    EXPECT_EQ(store.contents(), before);
    const auto real = prune({1, 4, 9});
    EXPECT_EQ(dry.dropped, real.dropped);
    EXPECT_EQ(dry.packs_removed, real.packs_removed);
    EXPECT_EQ(dry.packs_repacked, real.packs_repacked);
    EXPECT_EQ(dry.bytes_freed, real.bytes_freed);
    EXPECT_EQ(dry.bytes_kept, real.bytes_kept);
    EXPECT_GT(real.packs_repacked, 16u);
}

TEST_P(PruneTest, ManySmallPacksBecomeOne) {
    make_backups(60);
    EXPECT_GT(store.names("packs/").size(), 50u);
    const auto report = prune({});
    EXPECT_LE(store.names("packs/").size(), 2u);
    EXPECT_GT(report.packs_repacked, 50u);
    expect_all_restore();
    make_backups(3);
    expect_all_restore();
}

TEST_P(PruneTest, BasesOutliveTheBackupThatStoredThem) {
    make_backups(5);
    prune({1, 2, 3, 4});
    expect_all_restore();
    make_backups(2);
    expect_all_restore();
}

TEST_P(PruneTest, APackThatIsMostlyGarbageIsWrittenAgain) {
    Bytes half = pages(1, 8 * mebibyte);
    program.backup(half, {.member = "/data/whole"});
    half.resize(mebibyte);
    const auto kept = program.backup(half, {.member = "/data/part"});
    const auto before = bytes_in("packs/");
    const auto report = prune({1});
    EXPECT_EQ(report.packs_repacked, 1u);
    EXPECT_LT(bytes_in("packs/"), before / 4);
    EXPECT_EQ(must(program.try_restore(kept.snapshot.number, "/data/part")), half);
}

TEST_P(PruneTest, WhatACrashedBackupLeftIsRemoved) {
    make_backups(2);
    const auto before = bytes_in("packs/");
    auto session = must(program.repository->begin("backup"));
    const Bytes content = pages(5, 4 * mebibyte);
    auto writer = must(session->keep({.like = "x", .before = {}}));
    must(writer.look(BytesSource(content), {}));
    must(writer.finish());
    session.reset();
    EXPECT_GT(bytes_in("packs/"), before);
    prune({});
    EXPECT_EQ(bytes_in("packs/"), before);
    expect_all_restore();
}

TEST_P(PruneTest, VoidNumbersAreFoldedAway) {
    make_backups(2);
    must(program.repository->begin("backup")).reset();
    make_backups(1);
    EXPECT_TRUE(store.has("snapshots/3"));
    prune({});
    EXPECT_FALSE(store.has("snapshots/3"));
    EXPECT_FALSE(store.has("snapshots/3.copy"));
    expect_all_restore();
    EXPECT_EQ(store.names("gaps/").size(), 2u);  // one, kept twice
    prune({1});
    EXPECT_EQ(store.names("gaps/").size(), 2u);
    expect_all_restore();
}

// --- sessions ---

TEST_P(PruneTest, ASessionOfADeadProcessBecomesVoid) {
    make_backups(2);
    must(put_claim(store, program.repository->keys(), program.random, {3}, dead_process()));
    const auto other = program.backup(pages(9, mebibyte), {.member = "/data/other"});  // garbage soon, to be waited for
    EXPECT_EQ(other.snapshot.number.value, 4u);
    EXPECT_EQ(other.snapshot.unfinished, std::vector{SnapshotNumber{3}});
    const auto report = prune({4});
    EXPECT_EQ(report.sessions_voided, 1u);
    EXPECT_GT(report.bytes_freed, 0u);
    EXPECT_FALSE(store.has("sessions/3"));
    expect_all_restore();
}

TEST_P(PruneTest, ASessionThatCannotBeSeenIsGivenTime) {
    make_backups(2);
    program.backup(pages(9, mebibyte), {.member = "/data/other"});
    must(put_claim(store, program.repository->keys(), program.random, {4}, elsewhere()));
    const auto patient = prune({3}, {.void_after_s = 4'000'000'000});
    EXPECT_EQ(patient.bytes_freed, 0u);
    EXPECT_GT(patient.bytes_waiting, 0u);
    EXPECT_EQ(patient.waiting_for.size(), 1u);
    EXPECT_TRUE(store.names("condemned/").empty());
    EXPECT_TRUE(store.has("sessions/4"));
    const auto tired = prune({}, {.void_after_s = 0});
    EXPECT_GT(tired.bytes_freed, 0u);
    EXPECT_EQ(tired.sessions_voided, 1u);
    expect_all_restore();
}

TEST_P(PruneTest, AClaimTornByAPowerCutIsNobodys) {
    make_backups(1);
    program.backup(pages(9, mebibyte), {.member = "/data/other"});
    store.replace("sessions/3", random_bytes(1, 60));
    const auto report = prune({2});
    EXPECT_EQ(report.sessions_voided, 1u);
    EXPECT_GT(report.bytes_freed, 0u);
    expect_all_restore();
}

TEST_P(PruneTest, AVoidedSessionCannotCommit) {
    make_backups(2);
    program.backup(pages(9, mebibyte), {.member = "/data/other"});
    Program sleeper(store, GetParam(), 7);
    sleeper.open();
    auto session = must(sleeper.repository->begin("backup"));
    const Bytes content = pages(77, mebibyte);
    auto writer = must(session->keep({.like = "x", .before = {}}));
    must(writer.look(BytesSource(content), {}));
    Snapshot draft;
    draft.members.push_back(Program::entry_of("/data/x", must(writer.finish())));
    // Seen from another machine: put again what the claim says.
    store.drop("sessions/4");
    must(put_claim(store, program.repository->keys(), program.random, {4}, elsewhere()));
    prune({3}, {.void_after_s = 0});
    EXPECT_THAT(session->commit(draft), FailsWith(ErrorCode::busy));
    must(put_claim(store, program.repository->keys(), program.random, {4}, elsewhere()));  // as if it had not been seen
    EXPECT_THAT(session->commit(draft), FailsWith(ErrorCode::busy));
    prune({}, {.void_after_s = 0});  // folds the void away
    prune({}, {.void_after_s = 0});
    EXPECT_FALSE(store.has("snapshots/4"));
    must(put_claim(store, program.repository->keys(), program.random, {4}, elsewhere()));
    EXPECT_THAT(session->commit(draft), FailsWith(ErrorCode::busy));
    session.reset();
    prune({}, {.void_after_s = 0});
    expect_all_restore();
}

TEST_P(PruneTest, ALostClaimLeavesNoUnexplainedHole) {
    make_backups(1);
    auto lost = must(program.repository->begin("backup"));
    make_backups(1);  // knows that number 2 was unfinished
    store.drop("sessions/2");
    EXPECT_TRUE(must(program.repository->list()).damaged.empty());
    prune({3});       // the gap record knows it now
    expect_all_restore();
    EXPECT_FALSE(store.has("snapshots/2"));
    must(put_claim(store, program.repository->keys(), program.random, {2}, elsewhere()));
    EXPECT_THAT(lost->commit({}), FailsWith(ErrorCode::busy));
}

// --- readers ---

TEST_P(PruneTest, ALeaseKeepsWhatIsBeingRead) {
    const auto read = program.backup(pages(9, 3 * mebibyte), {.member = "/data/other"});
    make_backups(1);
    const Snapshot snapshot = must(program.repository->snapshot({1}));
    auto lease = must(program.repository->lease({1}));
    ASSERT_TRUE(lease);
    const auto report = prune({1});
    EXPECT_EQ(report.bytes_freed, 0u);
    EXPECT_EQ(report.waiting_for.size(), 1u);
    EXPECT_THAT(program.repository->snapshot({1}), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(program.repository->lease({1}), FailsWith(ErrorCode::not_found));
    {
        Program other(store, GetParam(), 4);
        other.open();
        const auto reader = must(other.repository->open_content(snapshot.members[0]));
        Bytes bytes(3 * mebibyte);
        EXPECT_THAT(reader->read_extents(0, extents_of(bytes.size()), bytes), Succeeds());
        EXPECT_EQ(bytes, pages(9, 3 * mebibyte));
    }
    prune({});  // again: the lease holds on
    EXPECT_TRUE(store.has("snapshots/1"));
    lease.reset();
    EXPECT_TRUE(store.names("leases/").empty());
    EXPECT_GT(prune({}).bytes_freed, mebibyte / 2);
    EXPECT_FALSE(store.has("snapshots/1"));
    expect_all_restore();
}

TEST_P(PruneTest, WhatSomebodyMayGoBackToIsNotDropped) {
    program.backup(pages(9, 3 * mebibyte), {.member = "/data/other"});
    make_backups(1);
    auto kept = must(program.repository->keep({1}, "guard"));
    ASSERT_EQ(must(program.repository->kept_in_use()).size(), 1u);
    EXPECT_NE(must(program.repository->kept_in_use()).at({1}).find("guard, process"), std::string::npos);
    EXPECT_TRUE(prune({1}).dropped.empty());
    EXPECT_THAT(program.repository->snapshot({1}), Succeeds());
    kept.reset();
    EXPECT_TRUE(must(program.repository->kept_in_use()).empty());
    EXPECT_EQ(prune({1}).dropped.size(), 1u);
    EXPECT_THAT(program.repository->keep({1}, "guard"), FailsWith(ErrorCode::not_found));
    expect_all_restore();
}

TEST_P(PruneTest, WhatWasForgottenIsNothingToGoBackTo) {
    make_backups(2);
    must(program.repository->add_note({1}, {.type = NoteType::forgotten, .time = program.clock.now()}));
    EXPECT_THAT(program.repository->keep({1}, "guard"), FailsWith(ErrorCode::not_found));
    EXPECT_TRUE(store.names("leases/").empty());
    EXPECT_THAT(program.repository->keep({2}, "guard"), Succeeds());
}

TEST_P(PruneTest, TheDeadGoBackToNothing) {
    make_backups(2);
    must(put_lease(store, program.repository->keys(), program.random, {.number = {1}, .keeps_snapshot = true}, dead_process()));
    EXPECT_TRUE(must(program.repository->kept_in_use()).empty());
    EXPECT_EQ(prune({1}).dropped.size(), 1u);
}

TEST_P(PruneTest, LeasesOfTheDeadHoldNothing) {
    program.backup(pages(9, mebibyte), {.member = "/data/other"});
    make_backups(1);
    must(put_lease(store, program.repository->keys(), program.random, {1}, dead_process()));
    prune({1});
    EXPECT_TRUE(store.names("leases/").empty());
    EXPECT_GT(prune({}).bytes_freed, 0u);
    expect_all_restore();
}

// --- damage, and no room ---

TEST_P(PruneTest, NothingIsChangedWhenWhatIsKeptCannotBeRead) {
    make_backups(3);
    program.backup(pages(9, 40 * mebibyte), {.member = "/data/large"});  // has nodes in packs
    const auto damaged = store.contents();
    store.flip_bit("snapshots/2", 600);
    store.flip_bit("snapshots/2.copy", 600);
    const auto before = store.contents();
    EXPECT_THAT(try_prune({1}), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(store.contents(), before);
    EXPECT_THAT(try_prune({1, 2}), Succeeds());
}

TEST_P(PruneTest, AMissingPackStopsIt) {
    make_backups(1, 2 * mebibyte);
    program.backup(pages(9, mebibyte), {.member = "/data/other"});
    store.drop(store.names("packs/").front());
    Program other(store, GetParam(), 4);
    other.open();
    const auto before = store.contents();
    EXPECT_THAT(repository::prune(*other.repository, {}, {}), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(store.contents(), before);
}

TEST_P(PruneTest, ALostIndexIsWrittenAgain) {
    make_backups(4);
    for (const auto& name : store.names("index/")) store.drop(name);
    Program other(store, GetParam(), 4);
    other.open();
    must(repository::prune(*other.repository, {}, {}));
    EXPECT_FALSE(store.names("index/").empty());
    Program third(store, GetParam(), 5);
    third.open();
    must(third.repository->open_index());
    std::uint64_t entries = 0;
    must(third.repository->index().for_each([&](const IndexEntry&) -> Result<void> {
        ++entries;
        return {};
    }));
    EXPECT_GT(entries, 32u);
    expect_all_restore();
}

TEST_P(PruneTest, AFullDiskIsNoObstacle) {
    program.backup(pages(99, 5 * mebibyte), {.member = "/data/other.db"});
    make_backups(30);
    // Room for what the reserve gives, and not for a pack.
    std::uint64_t room = 0;
    std::uint64_t full = 0;
    store.ask_before([&](tests::StoreStep step, const std::string& name) -> Result<void> {
        if (step == tests::StoreStep::remove && name == "reserve") room += reserve_size;
        if (step != tests::StoreStep::put) return {};
        const auto size = name.starts_with("packs/") ? 2 * reserve_size : name == "reserve" ? reserve_size : 4096;
        if (size > room) {
            ++full;
            return fail(ErrorCode::full, "put {}: no room", name);
        }
        room -= size;
        return {};
    });
    const auto report = prune({1, 3});
    EXPECT_GT(full, 0u);
    EXPECT_GT(report.bytes_freed, mebibyte);
    store.ask_before({});
    expect_all_restore();
    EXPECT_GT(prune({}).packs_repacked, 0u);
    expect_all_restore();
}

TEST_P(PruneTest, NotesThatSayNothingAnyMoreGo) {
    make_backups(3);
    for (int i = 0; i < 5; ++i) must(program.repository->add_note({1}, {.type = NoteType::seen, .time = {i + 1}}));
    must(program.repository->add_note({1}, {.type = NoteType::forgotten, .time = {7}}));
    must(program.repository->add_note({1}, {.type = NoteType::recalled, .time = {8}}));
    must(program.repository->add_note({1}, {.type = static_cast<NoteType>(77), .time = {9}}));
    must(program.repository->add_note({2}, {.type = NoteType::forgotten, .time = {9}}));
    prune({2});
    EXPECT_EQ(store.names("notes/").size(), 3u);
    const auto notes = must(program.repository->notes());
    EXPECT_FALSE(notes.of.at({1}).forgotten);
    EXPECT_EQ(notes.of.at({1}).last_seen, Timestamp{5});
    must(program.repository->add_note({1}, {.type = NoteType::seen, .time = {10}}));
    EXPECT_TRUE(store.has("notes/1.9"));
}

}  // namespace
}  // namespace holdfast::repository

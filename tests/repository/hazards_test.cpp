// What has gone wrong in other programs when backups and prunes run at once (H1 to H7): here one sleeps at every single
// step while the others run to their end, and then goes on.
#include <set>

#include "holdfast/repository/check.h"
#include "holdfast/repository/claim.h"
#include "holdfast/repository/lease.h"
#include "holdfast/repository/ledger.h"
#include "holdfast/repository/prune.h"
#include "repository/backups.h"

namespace holdfast::repository {
namespace {

// Runs something in the middle of another program's work: before its step number `at`.
class Interruption {
public:
    Interruption(tests::MemoryStore& store, std::uint64_t at, std::function<void()> act) : store_(store) {
        store.ask_before([this, at, act](tests::StoreStep, const std::string&) -> Result<void> {
            if (steps_.fetch_add(1) + 1 == at) {
                store_.ask_before({});
                act();
                has_acted_ = true;
            }
            return {};
        });
    }
    Interruption(const Interruption&) = delete;
    Interruption& operator=(const Interruption&) = delete;
    ~Interruption() { store_.ask_before({}); }
    bool has_acted() const { return has_acted_; }

private:
    tests::MemoryStore& store_;
    std::atomic<std::uint64_t> steps_ = 0;
    std::atomic<bool> has_acted_ = false;
};

// How prune sees whoever sleeps.
enum class Sleeper { at_work, elsewhere, dead };

class HazardsTest : public ::testing::TestWithParam<std::tuple<Sealing, Sleeper>> {
protected:
    Sealing sealing() const { return std::get<0>(GetParam()); }
    Sleeper sleeper() const { return std::get<1>(GetParam()); }

    // Rewrites claims and leases as if their owners were what the test says.
    void disguise(tests::MemoryStore& store, const Repository& repository) {
        if (sleeper() == Sleeper::at_work) return;
        tests::SeededRandom random(3);
        Presence who{.process = host::this_process(), .since = {}, .purpose = "backup"};
        who.process.boot_id = "another boot";
        if (sleeper() == Sleeper::elsewhere) who.process.machine_id = "another machine";
        for (const auto& name : store.names("sessions/")) {
            const auto numbered = parse_numbered(store::ObjectName(name.c_str()));
            store.drop(name);
            must(put_claim(store, repository.keys(), random, numbered->number, who));
        }
    }
    PruneReport prune_by_another(tests::MemoryStore& store, std::vector<SnapshotNumber> drop) {
        Program other(store, sealing(), 11);
        other.open();
        disguise(store, *other.repository);
        return must(prune(*other.repository, {.drop = std::move(drop), .void_after_s = 0, .wait_s = 0}, {}));
    }
    void backup_by_another(tests::MemoryStore& store, const Bytes& content, const std::string& member) {
        Program other(store, sealing(), 12);
        other.open();
        const auto backup = other.try_backup(content, {.member = member});
        EXPECT_THAT(backup, Succeeds());
        if (backup) made_by_others[backup->snapshot.number.value] = {member, content};
    }

    // Nothing that is listed has lost anything, now and after one more prune.
    void expect_whole(tests::MemoryStore& store, const std::map<std::uint64_t, Bytes>& contents, std::uint64_t step) {
        for (const bool prune_again : {false, true}) {
            if (prune_again) prune_by_another(store, {});
            Program other(store, sealing(), 13);
            other.open();
            const auto report = must(check(*other.repository, {}, {}));
            for (const auto& object : report.objects) ADD_FAILURE() << "step " << step << ": " << object.name << ": " << object.why;
            for (const auto& range : report.ranges) ADD_FAILURE() << "step " << step << ": #" << range.snapshot.value << ": " << range.why;
            for (const auto& [number, content] : contents) EXPECT_EQ(must(other.try_restore({number})), content) << "step " << step;
            for (const auto& [number, made] : made_by_others) {
                EXPECT_EQ(must(other.try_restore({number}, made.first)), made.second) << "step " << step;
            }
        }
    }

    struct Made {
        tests::MemoryStore::Contents objects;
        std::map<std::uint64_t, Bytes> contents;
    };
    // 1: will be dropped, 2: stays. Both of the same lineage, and each holds chunks that the other does not.
    const Made& two_backups() {
        static std::map<Sealing, Made> made;
        Made& one = made[sealing()];
        if (!one.objects.empty()) return one;
        tests::MemoryStore store;
        Program program(store, sealing());
        program.create();
        program.open();
        Bytes content = pages(1, 700'000);
        one.contents[program.backup(content).snapshot.number.value] = content;
        const Bytes other = pages(2, 400'000);
        std::ranges::copy(other, content.begin());
        one.contents[program.backup(content).snapshot.number.value] = content;
        one.objects = store.contents();
        return one;
    }

    std::map<std::uint64_t, std::pair<std::string, Bytes>> made_by_others;
};
std::string name_of_case(const ::testing::TestParamInfo<std::tuple<Sealing, Sleeper>>& one) {
    static constexpr const char* sleepers[] = {"at_work", "elsewhere", "dead"};
    return std::string(std::get<0>(one.param) == Sealing::plain ? "plain_" : "sealed_") +
           sleepers[static_cast<int>(std::get<1>(one.param))];
}
INSTANTIATE_TEST_SUITE_P(All, HazardsTest,
                         ::testing::Combine(::testing::Values(Sealing::plain, Sealing::sealed),
                                            ::testing::Values(Sleeper::at_work, Sleeper::elsewhere, Sleeper::dead)),
                         name_of_case);

// H1: a backup finds chunks of #1 in the index and reuses them, while #1 is dropped and pruned.
TEST_P(HazardsTest, ABackupSleepsAtEveryStepWhileItsChunksArePruned) {
    const Made& made = two_backups();
    const Bytes again = made.contents.at(1);  // not as a child of #1, but of #2: its chunks are found by the index
    std::uint64_t committed = 0, refused = 0;
    for (std::uint64_t step = 1;; ++step) {
        tests::MemoryStore store(made.objects);
        Program program(store, sealing(), 21);
        program.open();
        std::optional<Result<Backup>> backup;
        bool has_acted = false;
        {
            Interruption sleep(store, step, [&] { prune_by_another(store, {{1}}); });
            backup = program.try_backup(again);
            has_acted = sleep.has_acted();
        }
        if (!has_acted) break;
        std::map<std::uint64_t, Bytes> contents = {{2, made.contents.at(2)}};
        if (*backup) {
            contents[(*backup)->snapshot.number.value] = again;
            ++committed;
        } else {
            EXPECT_EQ(backup->error().code(), ErrorCode::busy) << "step " << step << ": " << backup->error().text();
            ++refused;
        }
        expect_whole(store, contents, step);
    }
    EXPECT_GT(committed, 10u);
    EXPECT_EQ(refused > 0, sleeper() != Sleeper::at_work);
}

// The parent itself is dropped, at every step of its child's backup.
TEST_P(HazardsTest, ABackupSleepsAtEveryStepWhileItsParentIsPruned) {
    const Made& made = two_backups();
    Bytes child = made.contents.at(2);
    touch_pages(child, {3, 120}, 1);
    std::uint64_t committed = 0;
    for (std::uint64_t step = 1;; ++step) {
        tests::MemoryStore store(made.objects);
        Program program(store, sealing(), 21);
        program.open();
        std::optional<Result<Backup>> backup;
        bool has_acted = false;
        {
            Interruption sleep(store, step, [&] { prune_by_another(store, {{2}}); });
            backup = program.try_backup(child);
            has_acted = sleep.has_acted();
        }
        if (!has_acted) break;
        std::map<std::uint64_t, Bytes> contents = {{1, made.contents.at(1)}};
        // Dropped before the child could lean on it: then it was not found, and another was its parent, or none.
        if (*backup) contents[(*backup)->snapshot.number.value] = child;
        else EXPECT_TRUE(backup->error().code() == ErrorCode::busy) << "step " << step << ": " << backup->error().text();
        committed += backup->ok() ? 1u : 0u;
        expect_whole(store, contents, step);
    }
    EXPECT_GT(committed, 10u);
}

// H2: two prunes with different views; one sleeps at every step while the other runs, and a backup after it.
TEST_P(HazardsTest, APruneSleepsAtEveryStepWhileAnotherRunsAndABackup) {
    const Made& made = two_backups();
    for (std::uint64_t step = 1;; ++step) {
        made_by_others.clear();
        tests::MemoryStore store(made.objects);
        Program program(store, sealing(), 21);
        program.open();
        Bytes third = made.contents.at(2);
        touch_pages(third, {9}, 1);
        program.backup(third);
        bool has_acted = false;
        {
            Interruption sleep(store, step, [&] {
                prune_by_another(store, {{2}});
                backup_by_another(store, made.contents.at(1), "/data/again.db");
                prune_by_another(store, {});
            });
            const auto report = prune(*program.repository, {.drop = {{1}}, .waste_max = 0, .void_after_s = 0, .wait_s = 0}, {});
            EXPECT_TRUE(report.ok()) << "step " << step << ": " << report.error().text();
            has_acted = sleep.has_acted();
        }
        expect_whole(store, {{3, third}}, step);
        if (!has_acted) break;
    }
}

// H3: two backups of one client at once, and a prune that drops what both lean on.
TEST_P(HazardsTest, TwoBackupsOfOneSourceAndAPrune) {
    const Made& made = two_backups();
    const Bytes again = made.contents.at(1);
    for (std::uint64_t step = 1;; ++step) {
        made_by_others.clear();
        tests::MemoryStore store(made.objects);
        Program program(store, sealing(), 21);
        program.open();
        std::optional<Result<Backup>> backup;
        bool has_acted = false;
        {
            Interruption sleep(store, step, [&] {
                backup_by_another(store, again, BackupOptions{}.member);
                prune_by_another(store, {{1}, {2}});
            });
            backup = program.try_backup(again);
            has_acted = sleep.has_acted();
        }
        std::map<std::uint64_t, Bytes> contents;
        if (!has_acted) break;
        if (*backup) contents[(*backup)->snapshot.number.value] = again;
        else EXPECT_EQ(backup->error().code(), ErrorCode::busy) << "step " << step << ": " << backup->error().text();
        expect_whole(store, contents, step);
    }
}

// H4 and H5: packs that hold the same chunk twice, and tables merged while prune replaces them.
TEST_P(HazardsTest, TablesAreMergedWhilePruneReplacesThem) {
    const Made& made = two_backups();
    tests::MemoryStore::Contents objects;
    std::map<std::uint64_t, Bytes> contents = made.contents;
    {
        tests::MemoryStore store(made.objects);
        Program program(store, sealing(), 20);
        program.open();
        Bytes content = contents.at(2);
        for (std::uint64_t i = 3; i <= 6; ++i) {
            touch_pages(content, {i}, i);
            contents[program.backup(content).snapshot.number.value] = content;
        }
        objects = store.contents();
    }
    contents.erase(1);
    contents.erase(4);
    for (std::uint64_t step = 1;; step += 3) {
        made_by_others.clear();
        tests::MemoryStore store(objects);
        Program program(store, sealing(), 21);
        program.open();
        bool has_acted = false;
        {
            Interruption sleep(store, step, [&] {
                for (std::uint64_t i = 0; i < 3; ++i) backup_by_another(store, pages(50 + i, 100'000), format("/data/{}", i));
            });
            const auto report = prune(*program.repository, {.drop = {{1}, {4}}, .waste_max = 0, .void_after_s = 0, .wait_s = 0}, {});
            EXPECT_TRUE(report.ok()) << "step " << step << ": " << report.error().text();
            has_acted = sleep.has_acted();
        }
        expect_whole(store, contents, step);
        if (!has_acted) break;
    }
}

// A reader who leases at every step of a prune that drops what he reads: all of it, or a clear not_found.
TEST_P(HazardsTest, AReaderBeginsAtEveryStepOfAPrune) {
    const Made& made = two_backups();
    std::uint64_t read = 0, not_found = 0;
    for (std::uint64_t step = 1;; ++step) {
        tests::MemoryStore store(made.objects);
        Program program(store, sealing(), 21), reader(store, sealing(), 22);
        program.open();
        reader.open();
        std::unique_ptr<Repository::Lease> lease;
        std::unique_ptr<ContentReader> content;
        bool has_acted = false;
        {
            Interruption sleep(store, step, [&] {
                auto leased = reader.repository->lease({1});
                if (!leased) {
                    EXPECT_THAT(leased, FailsWith(ErrorCode::not_found));
                    ++not_found;
                    return;
                }
                lease = *std::move(leased);
                const auto snapshot = must(reader.repository->snapshot({1}));
                content = must(reader.repository->open_content(snapshot.members[0]));
            });
            EXPECT_THAT(prune(*program.repository, {.drop = {{1}}, .waste_max = 0, .wait_s = 0}, {}), Succeeds());
            has_acted = sleep.has_acted();
        }
        if (!has_acted) break;
        if (content) {
            Bytes bytes(made.contents.at(1).size());
            EXPECT_THAT(content->read(0, bytes), Succeeds()) << "step " << step;
            EXPECT_EQ(bytes, made.contents.at(1));
            ++read;
        }
        lease.reset();
        expect_whole(store, {{2, made.contents.at(2)}}, step);
    }
    EXPECT_GT(read, 0u);
    EXPECT_GT(not_found, 0u);
}

// H7: a clock far ahead, or far behind, changes who waits for whom, and nothing else.
TEST_P(HazardsTest, ClocksDoNotMatter) {
    const Made& made = two_backups();
    for (const std::int64_t now : {std::int64_t{0}, std::int64_t{4'000'000'000'000'000'000}}) {
        for (std::uint64_t step = 1;; step += 5) {
            tests::MemoryStore store(made.objects);
            Program program(store, sealing(), 21);
            program.open();
            std::optional<Result<Backup>> backup;
            bool has_acted = false;
            {
                Interruption sleep(store, step, [&] {
                    Program other(store, sealing(), 11);
                    other.clock.now_ns = now;
                    other.open();
                    disguise(store, *other.repository);
                    must(prune(*other.repository, {.drop = {{1}}, .wait_s = 0}, {}));
                });
                backup = program.try_backup(made.contents.at(1));
                has_acted = sleep.has_acted();
            }
            if (!has_acted) break;
            std::map<std::uint64_t, Bytes> contents = {{2, made.contents.at(2)}};
            if (*backup) contents[(*backup)->snapshot.number.value] = made.contents.at(1);
            expect_whole(store, contents, step);
        }
    }
}

}  // namespace
}  // namespace holdfast::repository

// Freezing while another process commits as fast as it can: every image holds exactly a committed prefix.
#include <gtest/gtest.h>

#include <filesystem>

#include "holdfast/live/freeze.h"
#include "support/busy_writer.h"
#include "support/database_files.h"
#include "support/frozen_database.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;

namespace fs = std::filesystem;

Result<std::int64_t> proven_prefix(ByteView bytes) {
    const TemporaryFolder folder;
    tests::write_file(folder / "copy.db", bytes);
    auto copy = TRY(sqlite::Connection::open(folder / "copy.db", {.mode = sqlite::OpenMode::read_write}));
    return tests::proven_prefix(copy);
}

struct Layout {
    std::string journal_mode;
    int page_size = 4096;
    int auto_vacuum = 0;
};
void PrintTo(const Layout& layout, std::ostream* out) {
    *out << layout.journal_mode << '_' << layout.page_size << "_auto_vacuum_" << layout.auto_vacuum;
}

class FreezeWritersTest : public ::testing::TestWithParam<Layout> {
protected:
    tests::busy::Orders writer() const {
        return {.path = path_,
                .journal_mode = GetParam().journal_mode,
                .page_size = GetParam().page_size,
                .auto_vacuum = GetParam().auto_vacuum};
    }
    // Freezes once; the image must be a prefix that holds all that was committed before, and nothing not begun after.
    void freeze_and_prove(const BusyProcess& writer) {
        const auto committed_before = writer.committed();
        const auto frozen = freeze_bytes(path_, {.attempts_max = 100});
        const auto begun_after = writer.begun();
        ASSERT_THAT(frozen, Succeeds());
        attempts_ += frozen->report.attempts;
        const auto prefix = proven_prefix(frozen->bytes);
        ASSERT_THAT(prefix, Succeeds());
        EXPECT_GE(static_cast<std::uint64_t>(*prefix), committed_before);
        EXPECT_LE(static_cast<std::uint64_t>(*prefix), begun_after);
        prefixes_.insert(*prefix);
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "app.db";
    std::set<std::int64_t> prefixes_;
    int attempts_ = 0;
};

TEST_P(FreezeWritersTest, EveryImageIsACommittedPrefix) {
    constexpr int freezes = 12;
    BusyProcess busy(writer());
    for (int i = 0; i < freezes; ++i) {
        freeze_and_prove(busy);
        busy.await_commits(5);
    }
    EXPECT_GT(prefixes_.size(), freezes / 2u) << "the writer stood still";
}

TEST_P(FreezeWritersTest, WhatAKillLeavesIsAPrefixAndStaysAsItIs) {
    if (GetParam().journal_mode == "OFF" || GetParam().journal_mode == "MEMORY") {
        GTEST_SKIP() << "without a journal on disk a kill may destroy the database";
    }
    std::mt19937 dice(static_cast<unsigned>(GetParam().page_size));
    std::set<std::string_view> ways;
    for (int kill = 0; kill < 15; ++kill) {
        auto orders = writer();
        orders.seed = kill;
        BusyProcess busy(orders);
        busy.await_commits(1);
        ::usleep(static_cast<useconds_t>(dice() % 20'000));
        busy.kill_now();
        const auto before = tests::footprint(folder_.path(), {.times = false});
        const auto expected = tests::what_sqlite_reads(path_);
        const auto frozen = freeze_bytes(path_);
        ASSERT_THAT(frozen, Succeeds());
        ways.insert(name_of(frozen->facts.way));
        // The kill may have come between a commit and the cutting of the file: what lies behind the end is kept, too.
        const auto whole = frozen->bytes.size() >= expected.size() ? ByteView(frozen->bytes).first(expected.size()) : ByteView();
        EXPECT_TRUE(std::ranges::equal(whole, expected));
        EXPECT_TRUE(frozen->bytes.size() == expected.size() || frozen->facts.way == ReadAs::rollback);
        EXPECT_EQ(tests::footprint(folder_.path(), {.times = false}), before);
        const auto prefix = proven_prefix(frozen->bytes);
        ASSERT_THAT(prefix, Succeeds());
        EXPECT_GE(static_cast<std::uint64_t>(*prefix), busy.committed());
        EXPECT_LE(static_cast<std::uint64_t>(*prefix), busy.begun());
    }
    if (GetParam().journal_mode == "WAL") EXPECT_TRUE(ways.contains("wal-leftover"));
    else EXPECT_TRUE(ways.contains("hot-journal")) << "no kill came in the middle of a transaction";
}

INSTANTIATE_TEST_SUITE_P(Layouts, FreezeWritersTest,
                         ::testing::Values(Layout{"DELETE", 4096, 0}, Layout{"DELETE", 512, 1}, Layout{"DELETE", 65536, 2},
                                           Layout{"TRUNCATE", 1024, 2}, Layout{"PERSIST", 4096, 1},
                                           Layout{"PERSIST", 8192, 0}, Layout{"MEMORY", 2048, 0}, Layout{"OFF", 4096, 2},
                                           Layout{"WAL", 4096, 0}, Layout{"WAL", 512, 2}, Layout{"WAL", 16384, 1},
                                           Layout{"WAL", 65536, 0}),
                         [](const auto& layout) { return ::testing::PrintToString(layout.param); });

class FreezeCheckpointsTest : public FreezeWritersTest {};

// Somebody checkpoints in every mode all the time, and the writer's own checkpoints come often: the WAL starts again
// every few commits.
TEST_P(FreezeCheckpointsTest, EveryImageIsACommittedPrefix) {
    auto orders = writer();
    orders.autocheckpoint = 10;
    BusyProcess busy(orders);
    BusyProcess checkpointer({.role = "checkpoint", .path = path_});
    for (int i = 0; i < 60; ++i) {
        freeze_and_prove(busy);
        busy.await_commits(1);
        checkpointer.await_commits(1);
    }
    EXPECT_GT(prefixes_.size(), 30u);
}

INSTANTIATE_TEST_SUITE_P(Layouts, FreezeCheckpointsTest,
                         ::testing::Values(Layout{"WAL", 4096, 0}, Layout{"WAL", 1024, 1}),
                         [](const auto& layout) { return ::testing::PrintToString(layout.param); });

class FreezeTogetherTest : public ::testing::Test {
protected:
    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "app.db";
};

// With timeout 0 every moment of SHARED is an answer BUSY; in WAL mode there is none.
TEST_F(FreezeTogetherTest, WalWritersNeverWait) {
    BusyProcess busy({.path = path_, .journal_mode = "WAL", .busy_timeout_ms = 0});
    for (int i = 0; i < 50; ++i) {
        const auto frozen = freeze_bytes(path_);
        ASSERT_THAT(frozen, Succeeds());
        EXPECT_EQ(frozen->report.writers_blocked_ms, 0);
    }
    busy.await_commits(10);
    EXPECT_EQ(busy.busy_answers(), 0u);
}

// The expensive look comes before the database is held wherever holding it costs somebody something.
TEST_F(FreezeTogetherTest, WhoCommitsIsNotHeldForTheFirstLook) {
    for (const char* mode : {"WAL", "DELETE"}) {
        const std::string path = folder_ / mode;
        BusyProcess busy({.path = path, .journal_mode = mode, .page_size = 512});
        busy.await_commits(20);
        int looks = 0;
        for (int i = 0; i < 200 && looks < 3; ++i) {
            const auto frozen = freeze_bytes(path, {.attempts_max = 100});
            ASSERT_THAT(frozen, Succeeds());
            EXPECT_THAT(proven_prefix(frozen->bytes), Succeeds());
            looks += frozen->first_looks;
        }
        EXPECT_GT(looks, 0) << mode;
    }
}

TEST_F(FreezeTogetherTest, AnIdleWalDatabaseIsLookedAtOnce) {
    auto idle = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::create}));
    must(idle.execute("PRAGMA journal_mode=WAL; CREATE TABLE t(a)"));
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::wal);
    EXPECT_EQ(frozen->first_looks, 0);
}

TEST_F(FreezeTogetherTest, TheProofFindsWhatIsNoPrefix) {
    BusyProcess busy({.path = path_, .journal_mode = "DELETE"});
    busy.await_commits(50);
    busy.stop();
    const auto bytes = freeze_bytes(path_)->bytes;
    ASSERT_THAT(proven_prefix(bytes), Succeeds());
    const auto changed = [&](const std::string& sql) {
        tests::write_file(folder_ / "changed.db", bytes);
        auto connection = must(sqlite::Connection::open(folder_ / "changed.db", {.mode = sqlite::OpenMode::read_write}));
        must(connection.execute(sql));
        return proven_prefix(tests::file_bytes(folder_ / "changed.db"));
    };
    EXPECT_THAT(changed("INSERT INTO item VALUES (1000, 3, zeroblob(3))"), FailsWith(ErrorCode::corrupt));
    // Transactions that changed no item may go from the end and leave a prefix; the last one that did may not.
    EXPECT_THAT(changed("DELETE FROM ledger WHERE n > (SELECT max(n) FROM ledger WHERE sum <> "
                        "(SELECT sum FROM ledger ORDER BY n DESC LIMIT 1))"),
                FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(changed("DELETE FROM ledger WHERE n = 3"), FailsWith(ErrorCode::corrupt));
    auto connection = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::read_write}));
    const auto root = static_cast<std::size_t>(must(connection.integer("SELECT rootpage FROM sqlite_schema WHERE name = 'item'")));
    auto torn = bytes;
    std::ranges::fill(MutableByteView(torn).subspan((root - 1) * 4096, 4096), std::byte{0});
    EXPECT_THAT(proven_prefix(torn), FailsWith(ErrorCode::corrupt));
}

// A plain copy made while the writer runs is torn sooner or later: the proof above would tell if freezing were no more.
TEST_F(FreezeTogetherTest, APlainCopyIsNoPrefix) {
    BusyProcess busy({.path = path_, .journal_mode = "DELETE"});
    busy.await_commits(20);
    int torn = 0;
    for (int copies = 0; copies < 2000 && torn == 0; ++copies) {
        if (!proven_prefix(tests::file_bytes(path_))) ++torn;
    }
    EXPECT_GT(torn, 0);
}

}  // namespace
}  // namespace holdfast::live

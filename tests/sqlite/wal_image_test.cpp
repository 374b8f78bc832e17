#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <filesystem>
#include <random>

#include "holdfast/sqlite/file_image.h"
#include "holdfast/sqlite/wal.h"
#include "support/bytes_vfs.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/results.h"
#include "support/temporary_folder.h"
#include "support/wal_bytes.h"
#include "support/workload.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using tests::BytesFile;
using tests::different_pages;
using tests::WalBytes;
using ::testing::IsEmpty;
using ::testing::Not;

// Every page of the database as a reader that begins now would see it, by SQLite.
Bytes seen_by_sqlite(const std::string& path) {
    auto reader = must(Connection::open(path, {.busy_timeout_ms = 0}));
    return tests::serialized(reader);
}

// The same by the wal-index and the files, while connections are open.
class LiveView {
public:
    explicit LiveView(const std::string& path)
        : database_(must(RawFile::open(path))), wal_(must(RawFile::open(path + "-wal", {.kind = RawFileKind::wal}))) {}

    Bytes bytes(PageSize page_size) {
        const auto index = must(parse_wal_index_header(must(database_.wal_index_head()))).value();
        if (index.last_frame.value == 0) {
            const auto pages = must(database_.size()) / page_size.bytes();
            return tests::image_bytes(*file_image(database_, page_size, PageNumber{static_cast<std::uint32_t>(pages)}));
        }
        auto map = must(scan_wal(wal_, {.until = index.last_frame, .resume = last_ ? &*last_ : nullptr, .vouched = true})).value();
        EXPECT_TRUE(map.unproven_from.value != 0 || map.checksum == index.last_frame_checksum);
        EXPECT_EQ(map.database_pages, index.database_pages);
        EXPECT_EQ(map.header.salts, index.salts);
        EXPECT_EQ(map.header.page_size, index.page_size);
        last_ = map;
        return tests::image_bytes(*wal_image(database_, wal_, std::move(map)));
    }

private:
    RawFile database_;
    RawFile wal_;
    std::optional<WalMap> last_;
};

// The same of files that a crash left over.
Bytes leftover_view(const std::string& path, PageSize page_size) {
    const auto database = must(RawFile::open(path));
    const auto wal = must(RawFile::open(path + "-wal", {.kind = RawFileKind::wal}));
    auto map = must(scan_wal(wal));
    if (map && map->last_frame.value != 0) return tests::image_bytes(*wal_image(database, wal, std::move(*map)));
    const auto pages = must(database.size()) / page_size.bytes();
    return tests::image_bytes(*file_image(database, page_size, PageNumber{static_cast<std::uint32_t>(pages)}));
}

// SQLite's recovery of a copy, so that the files themselves stay as they are.
Bytes recovered_by_sqlite(const std::string& folder) {
    const TemporaryFolder copy;
    for (const char* ending : {"", "-wal"}) {
        if (std::filesystem::exists(folder + "/a.db" + ending)) {
            std::filesystem::copy_file(folder + "/a.db" + ending, copy / "a.db" + ending);
        }
    }
    auto connection = must(Connection::open(copy / "a.db", {.mode = OpenMode::read_write}));
    return tests::serialized(connection);
}

// --- living databases ---

TEST(WalImageTest, IsWhatSqliteReadsAfterEveryCommit) {
    EXPECT_TRUE(rc::check([] {
        const auto shape = *tests::any_shape();
        const auto changes = *tests::any_changes();
        const auto checkpoint_every = *rc::gen::element(0, 1, 5, 1000);
        const TemporaryFolder folder;
        auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
        tests::create_database(writer, shape, "WAL");
        must(writer.execute(format("PRAGMA wal_autocheckpoint={}; PRAGMA user_version=1", checkpoint_every)));
        LiveView view(folder / "a.db");
        for (const auto& change : changes) {
            must(writer.execute(tests::sql_of(change)));
            const Bytes expected = seen_by_sqlite(folder / "a.db");
            RC_ASSERT(different_pages(view.bytes(must(PageSize::from_bytes(shape.page_size))), expected, shape.page_size) ==
                      std::vector<std::uint32_t>());
        }
    }));
}

TEST(WalImageTest, AgreesWithTheBackupApi) {
    const TemporaryFolder folder;
    auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
    tests::create_database(writer, {}, "WAL");
    for (int i = 0; i < 40; ++i) must(writer.execute(tests::sql_of({i % 10, i * 31})));
    auto copy = must(Connection::open(":memory:", {.mode = OpenMode::create}));
    sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", writer.handle(), "main");
    ASSERT_EQ(sqlite3_backup_step(backup, -1), SQLITE_DONE);
    sqlite3_backup_finish(backup);
    LiveView view(folder / "a.db");
    Bytes image = view.bytes(must(PageSize::from_bytes(4096))), copied = tests::serialized(copy);
    ASSERT_GT(image.size(), 20u * 4096);
    // The backup API alters versions, counters and the cookie on page 1, and nothing else.
    EXPECT_THAT(different_pages(ByteView(image).subspan(4096), ByteView(copied).subspan(4096), 4096), IsEmpty());
    EXPECT_EQ(to_hex(ByteView(image).subspan(100, 3996)), to_hex(ByteView(copied).subspan(100, 3996)));
}

// See WalScanOptions::vouched. If this fails because the chain holds, SQLite has mended it: then the option may go.
TEST(WalImageTest, HoldsCommitsThatSqliteWouldLoseInACrash) {
    const TemporaryFolder folder;
    auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
    tests::create_database(writer, {}, "WAL");
    must(writer.execute("PRAGMA wal_autocheckpoint=0"));
    for (int i = 0; i < 30; ++i) must(writer.execute(tests::sql_of({i % 2 * 4, 990 + i % 8})));
    const auto wal = must(RawFile::open(folder / "a.db-wal", {.kind = RawFileKind::wal}));
    const auto database = must(RawFile::open(folder / "a.db"));
    const auto index = must(parse_wal_index_header(must(database.wal_index_head()))).value();
    ASSERT_LT(must(scan_wal(wal)).value().last_frame, index.last_frame);
    const Bytes expected = seen_by_sqlite(folder / "a.db");
    EXPECT_THAT(different_pages(LiveView(folder / "a.db").bytes(must(PageSize::from_bytes(4096))), expected, 4096), IsEmpty());
    EXPECT_THAT(different_pages(recovered_by_sqlite(folder.path()), expected, 4096), Not(IsEmpty()));
}

TEST(WalImageTest, AnOlderFrameIsAnOlderView) {
    const TemporaryFolder folder;
    auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
    tests::create_database(writer, {}, "WAL");
    must(writer.execute("PRAGMA wal_autocheckpoint=0"));
    std::map<std::uint32_t, Bytes> views;
    const auto database = must(RawFile::open(folder / "a.db"));
    for (int i = 0; i < 30; ++i) {
        must(writer.execute(tests::sql_of({i % 10, i * 17})));
        const auto index = must(parse_wal_index_header(must(database.wal_index_head()))).value();
        views[index.last_frame.value] = seen_by_sqlite(folder / "a.db");
    }
    ASSERT_GT(views.size(), 15u);
    const auto wal = must(RawFile::open(folder / "a.db-wal", {.kind = RawFileKind::wal}));
    for (const auto& [frame, expected] : views) {
        if (frame == 0) continue;
        auto map = must(scan_wal(wal, {.until = FrameNumber{frame}, .vouched = true})).value();
        EXPECT_THAT(different_pages(tests::image_bytes(*wal_image(database, wal, std::move(map))), expected, 4096), IsEmpty())
            << frame;
    }
}

TEST(WalImageTest, RunsOfPagesAreReadAsSinglePagesAre) {
    const TemporaryFolder folder;
    auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
    tests::create_database(writer, {.page_size = 512}, "WAL");
    for (int i = 0; i < 20; ++i) must(writer.execute(tests::sql_of({i % 3, i * 31})));
    const Bytes expected = seen_by_sqlite(folder / "a.db");
    const auto database = must(RawFile::open(folder / "a.db"));
    const auto wal = must(RawFile::open(folder / "a.db-wal", {.kind = RawFileKind::wal}));
    const auto image = wal_image(database, wal, must(scan_wal(wal)).value());
    EXPECT_TRUE(rc::check([&] {
        const auto first = *rc::gen::inRange(1u, image->last_page().value + 1);
        const auto count = *rc::gen::inRange(1u, image->last_page().value - first + 2);
        Bytes pages(count * 512);
        must(image->read({PageNumber{first}, count}, pages));
        RC_ASSERT(pages == copy_of(ByteView(expected).subspan((first - 1) * 512, count * 512)));
    }));
    Bytes room(512);
    EXPECT_THAT(image->read({PageNumber{image->last_page().value + 1}, 1}, room), FailsWith(ErrorCode::invalid));
}

// --- what a crash leaves ---

TEST(LeftoverWalTest, IsWhatSqliteRecoversAfterKill9) {
    std::mt19937 random(5);
    std::set<std::size_t> wal_sizes;
    for (int round = 0; round < 20; ++round) {
        const TemporaryFolder folder;
        const tests::DatabaseShape shape{.page_size = 512u << (round % 8), .auto_vacuum = round % 3};
        {
            auto creator = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
            tests::create_database(creator, shape, "WAL");
        }
        tests::DatabaseProcess writer(folder / "a.db");
        writer.run(format("PRAGMA cache_size=5; PRAGMA synchronous=OFF; PRAGMA wal_autocheckpoint={}", round % 2 ? 50 : 0));
        const int whole = static_cast<int>(random() % 20);
        for (int i = 0; i < whole; ++i) {
            writer.run(tests::sql_of({static_cast<int>(random() % 11), static_cast<int>(random() % 1000)}));
        }
        std::string more = "BEGIN;";
        for (int i = 0; i < 30; ++i) more += tests::sql_of({i % 3, static_cast<int>(random() % 1000)});
        writer.ask(more + "COMMIT");
        ::usleep(static_cast<useconds_t>(random() % 6000));
        writer.kill_now();
        const auto before = tests::footprint(folder.path());
        wal_sizes.insert(before.contains("a.db-wal") ? std::filesystem::file_size(folder / "a.db-wal") : 0);
        const Bytes view = leftover_view(folder / "a.db", must(PageSize::from_bytes(shape.page_size)));
        EXPECT_THAT(different_pages(view, recovered_by_sqlite(folder.path()), shape.page_size), IsEmpty()) << round;
        EXPECT_EQ(tests::footprint(folder.path()), before);
    }
    EXPECT_GT(wal_sizes.size(), 10u);
}

// A rollback leaves the frames that had spilled behind the next, shorter commit.
TEST(LeftoverWalTest, SpilledFramesOfARollbackDoNotCount) {
    const TemporaryFolder folder;
    tests::DatabaseProcess writer(folder / "a.db");
    writer.run("PRAGMA journal_mode=WAL; PRAGMA cache_size=5; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(b)");
    writer.run("BEGIN; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<500) "
               "INSERT INTO t SELECT randomblob(3000) FROM n; ROLLBACK; INSERT INTO t VALUES (1)");
    writer.kill_now();
    const auto frames = (std::filesystem::file_size(folder / "a.db-wal") - 32) / 4120;
    const auto wal = must(RawFile::open(folder / "a.db-wal", {.kind = RawFileKind::wal}));
    EXPECT_LT(must(scan_wal(wal)).value().last_frame.value + 100, frames);
    const Bytes view = leftover_view(folder / "a.db", must(PageSize::from_bytes(4096)));
    EXPECT_THAT(different_pages(view, recovered_by_sqlite(folder.path()), 4096), IsEmpty());
}

class DamagedWalTest : public ::testing::Test {
protected:
    DamagedWalTest() {
        {
            auto connection = must(Connection::open(folder_ / "a.db", {.mode = OpenMode::create, .keep_wal = true}));
            tests::create_database(connection, {.page_size = 512}, "WAL");
            must(connection.execute("PRAGMA wal_autocheckpoint=0"));
            for (int i = 0; i < 12; ++i) must(connection.execute(tests::sql_of({i % 6, i * 13})));
        }
        wal_ = tests::file_bytes(folder_ / "a.db-wal");
    }
    void expect_same_as_sqlite(const Bytes& wal) const {
        tests::write_file(folder_ / "a.db-wal", wal);
        const Bytes view = leftover_view(folder_ / "a.db", must(PageSize::from_bytes(512)));
        RC_ASSERT(different_pages(view, recovered_by_sqlite(folder_.path()), 512) == std::vector<std::uint32_t>());
    }
    const TemporaryFolder folder_;
    Bytes wal_;
};

TEST_F(DamagedWalTest, EndsWhereSqliteEndsItWhenABitFlips) {
    ASSERT_GT(wal_.size(), 30'000u);
    EXPECT_TRUE(rc::check([this] {
        Bytes wal = wal_;
        wal[*rc::gen::inRange<std::size_t>(0, wal.size())] ^= std::byte{*rc::gen::element<std::uint8_t>(1, 8, 128)};
        expect_same_as_sqlite(wal);
    }));
}

TEST_F(DamagedWalTest, EndsWhereSqliteEndsItWhenItIsCut) {
    EXPECT_TRUE(rc::check([this] {
        Bytes wal = wal_;
        wal.resize(*rc::gen::inRange<std::size_t>(0, wal.size()));
        expect_same_as_sqlite(wal);
    }));
}

// --- rare logs, written by hand and recovered by SQLite ---

class HandmadeWalTest : public ::testing::TestWithParam<bool> {
protected:
    HandmadeWalTest() {
        auto connection = must(Connection::open(folder_ / "a.db", {.mode = OpenMode::create}));
        must(connection.execute("PRAGMA page_size=512; PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)"));
    }
    // Page 1 as it is in the file, but with another number of pages, for a commit of that size.
    Bytes first_page(std::uint8_t pages) const {
        Bytes page = tests::file_bytes(folder_ / "a.db");
        page.resize(512);
        page[31] = std::byte{pages};
        return page;
    }
    void expect_same_as_sqlite(const WalBytes& wal, std::size_t pages) const {
        tests::write_file(folder_ / "a.db-wal", wal.bytes());
        const Bytes view = leftover_view(folder_ / "a.db", must(PageSize::from_bytes(512)));
        EXPECT_EQ(view.size(), pages * 512);
        EXPECT_THAT(different_pages(view, recovered_by_sqlite(folder_.path()), 512), IsEmpty());
    }
    const TemporaryFolder folder_;
    const tests::WalBytesOptions options_{.big_endian = GetParam()};
};
INSTANTIATE_TEST_SUITE_P(Endianness, HandmadeWalTest, ::testing::Bool());

TEST_P(HandmadeWalTest, BothByteOrdersOfSums) {
    WalBytes wal(options_);
    wal.frame_of(1, first_page(4), 0).frame({.page = 4, .fill = 44, .database_pages = 4});
    expect_same_as_sqlite(wal, 4);
}

TEST_P(HandmadeWalTest, PagesThatNobodyWroteAreZeros) {
    WalBytes wal(options_);
    wal.frame({.page = 9, .fill = 9}).frame_of(1, first_page(12), 12);
    expect_same_as_sqlite(wal, 12);
}

TEST_P(HandmadeWalTest, APageThatComesBackUnwrittenHasItsOldFrame) {
    WalBytes wal(options_);
    wal.frame({.page = 9, .fill = 9}).frame_of(1, first_page(9), 9);
    wal.frame_of(1, first_page(2), 2);
    wal.frame_of(1, first_page(10), 10);
    expect_same_as_sqlite(wal, 10);
}

TEST_P(HandmadeWalTest, PaddedCommits) {
    WalBytes wal(options_);
    for (int copy = 0; copy < 5; ++copy) wal.frame_of(1, first_page(3), 3);
    for (int copy = 0; copy < 3; ++copy) wal.frame({.page = 3, .fill = 7, .database_pages = 3});
    expect_same_as_sqlite(wal, 3);
}

}  // namespace
}  // namespace holdfast::sqlite

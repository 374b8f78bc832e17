#include <gtest/gtest.h>

#include <cstring>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/wal.h"
#include "support/database_process.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

class WalIndexTest : public ::testing::TestWithParam<int> {
protected:
    WalIndexTest() : connection_(must(Connection::open(path_, {.mode = OpenMode::create}))) {
        must(connection_.execute("PRAGMA page_size=" + std::to_string(GetParam()) + "; PRAGMA journal_mode=WAL; CREATE TABLE t(x)"));
    }
    Bytes head() const { return must(must(RawFile::open(path_)).wal_index_head()); }
    WalIndexHeader header() const { return must(parse_wal_index_header(head())).value(); }
    WalMap scanned() const { return must(scan_wal(must(RawFile::open(path_ + "-wal", {.kind = RawFileKind::wal})))).value(); }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "a.db";
    Connection connection_;
};
INSTANTIATE_TEST_SUITE_P(PageSizes, WalIndexTest, ::testing::Values(512, 4096, 32768, 65536));

TEST_P(WalIndexTest, SaysWhatTheWalSays) {
    for (int i = 0; i < 5; ++i) {
        must(connection_.execute("INSERT INTO t VALUES (randomblob(100000))"));
        const auto index = header();
        const auto map = scanned();
        ASSERT_TRUE(index.page_size);
        EXPECT_EQ(static_cast<int>(index.page_size->bytes()), GetParam());
        EXPECT_EQ(index.last_frame, map.last_frame);
        EXPECT_EQ(index.database_pages, map.database_pages);
        EXPECT_EQ(index.last_frame_checksum, map.checksum);
        EXPECT_EQ(index.salts, map.header.salts);
        EXPECT_EQ(index.backfilled, FrameNumber{0});
    }
}

TEST_P(WalIndexTest, TellsHowFarTheCheckpointIs) {
    must(connection_.execute("INSERT INTO t VALUES (1)"));
    must(connection_.execute("PRAGMA wal_checkpoint(PASSIVE)"));
    EXPECT_EQ(header().backfilled, header().last_frame);
    EXPECT_NE(header().last_frame, FrameNumber{0});
    must(connection_.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    EXPECT_EQ(header().last_frame, FrameNumber{0});
    EXPECT_EQ(header().backfilled, FrameNumber{0});
}

TEST_P(WalIndexTest, AnUnfinishedTransactionIsNotInIt) {
    tests::DatabaseProcess other(path_);
    const auto before = header();
    other.run("PRAGMA cache_size=5; BEGIN; INSERT INTO t VALUES (zeroblob(1000000))");
    EXPECT_EQ(header().last_frame, before.last_frame);
    EXPECT_EQ(scanned().last_frame, before.last_frame);
    other.run("COMMIT");
    EXPECT_GT(header().last_frame, before.last_frame);
}

TEST_P(WalIndexTest, AFreshOneHasNoPageSize) {
    // A reader connects to a database whose WAL is gone: the index is built of nothing.
    connection_ = must(Connection::open(":memory:", {.mode = OpenMode::create}));
    connection_ = must(Connection::open(path_));
    must(connection_.integer("SELECT count(*) FROM t"));
    EXPECT_EQ(header().last_frame, FrameNumber{0});
    EXPECT_FALSE(header().page_size);
}

TEST_P(WalIndexTest, EveryFlippedBitOfTheHeaderIsSeen) {
    const Bytes good = head();
    for (std::size_t bit = 0; bit < 96 * 8; ++bit) {
        Bytes bytes = good;
        bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
        EXPECT_EQ(must(parse_wal_index_header(bytes)), std::nullopt) << bit;
        // Both copies alike: the checksum tells.
        bytes[(bit / 8 + 48) % 96] ^= static_cast<std::byte>(1 << bit % 8);
        EXPECT_EQ(must(parse_wal_index_header(bytes)), std::nullopt) << bit;
    }
}

TEST_P(WalIndexTest, RefusesOtherVersionsAndTooFewBytes) {
    Bytes bytes = head();
    EXPECT_THAT(parse_wal_index_header(ByteView(bytes).first(99)), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(parse_wal_index_header(ByteView(bytes).first(100)), Succeeds());
    EXPECT_EQ(must(parse_wal_index_header(Bytes(136))), std::nullopt);
    const std::uint32_t version = 3007001;
    std::memcpy(bytes.data(), &version, 4);
    const auto sum = wal_checksum({}, ByteView(bytes).first(40), std::endian::native == std::endian::big);
    std::memcpy(bytes.data() + 40, &sum.s0, 4);
    std::memcpy(bytes.data() + 44, &sum.s1, 4);
    std::memcpy(bytes.data() + 48, bytes.data(), 48);
    EXPECT_THAT(parse_wal_index_header(bytes), FailsWith(ErrorCode::too_new));
}

}  // namespace
}  // namespace holdfast::sqlite

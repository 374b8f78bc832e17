#include "holdfast/sqlite/wal.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "holdfast/base/text.h"
#include "support/bytes_vfs.h"
#include "support/results.h"
#include "support/wal_bytes.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using tests::BytesFile;
using tests::WalBytes;
using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

// A scan of bytes that may be anything.
Result<std::optional<WalMap>> scan(const Bytes& bytes, WalScanOptions options = {}) {
    const BytesFile file(bytes);
    return scan_wal(file.open(RawFileKind::wal), options);
}
WalMap scanned(const Bytes& bytes, WalScanOptions options = {}) { return must(scan(bytes, options)).value(); }

std::map<std::uint32_t, std::uint32_t> frames_of(const WalMap& map) {
    std::map<std::uint32_t, std::uint32_t> frames;
    for (const auto& [page, frame] : map.frame_of) frames[page] = frame.value;
    return frames;
}

class WalTest : public ::testing::TestWithParam<bool> {
protected:
    WalBytes wal(std::uint64_t salts = 1) const { return WalBytes({.big_endian = GetParam(), .salts = salts}); }
};
INSTANTIATE_TEST_SUITE_P(Endianness, WalTest, ::testing::Bool(), [](const auto& each) {
    return each.param ? "BigEndianSums" : "LittleEndianSums";
});

TEST_P(WalTest, ReadsTheHeader) {
    const auto header = must(parse_wal_header(
        WalBytes({.page_size = 65536, .big_endian = GetParam(), .sequence = 9, .salts = 0x1122334455667788}).bytes()));
    EXPECT_EQ(header.page_size.bytes(), 65536u);
    EXPECT_EQ(header.big_endian_checksum, GetParam());
    EXPECT_EQ(header.checkpoint_sequence, 9u);
    EXPECT_EQ(to_hex(header.salts), "1122334455667788");
}

TEST_P(WalTest, NoBitOfTheHeaderMayFlip) {
    const Bytes good = wal().bytes();
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes bytes = good;
        bytes[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
        EXPECT_THAT(parse_wal_header(bytes), FailsWith(ErrorCode::corrupt)) << bit;
    }
    EXPECT_THAT(parse_wal_header(ByteView(good).first(31)), FailsWith(ErrorCode::corrupt));
}

TEST_P(WalTest, KeepsTheLastFrameOfEachPage) {
    const auto map = scanned(wal()
                                 .frame({.page = 1, .fill = 1})
                                 .frame({.page = 2, .fill = 2, .database_pages = 2})
                                 .frame({.page = 1, .fill = 3, .database_pages = 2})
                                 .bytes());
    EXPECT_EQ(map.last_frame, FrameNumber{3});
    EXPECT_EQ(map.database_pages, PageNumber{2});
    EXPECT_THAT(frames_of(map), ElementsAre(Pair(1, 3), Pair(2, 2)));
}

TEST_P(WalTest, IgnoresWhatIsNotCommitted) {
    const auto map =
        scanned(wal().frame({.page = 1, .database_pages = 1}).frame({.page = 2}).frame({.page = 1}).bytes());
    EXPECT_EQ(map.last_frame, FrameNumber{1});
    EXPECT_EQ(map.database_pages, PageNumber{1});
    EXPECT_THAT(frames_of(map), ElementsAre(Pair(1, 1)));
}

TEST_P(WalTest, NothingIsNoWal) {
    EXPECT_EQ(must(scan({})), std::nullopt);
    EXPECT_EQ(must(scan(Bytes(31))), std::nullopt);
    EXPECT_EQ(must(scan(Bytes(5000))), std::nullopt);
    EXPECT_EQ(must(scan({}, {.until = FrameNumber{0}})), std::nullopt);
    EXPECT_THAT(scan({}, {.until = FrameNumber{1}}), FailsWith(ErrorCode::corrupt));
    const auto header_only = scanned(wal().bytes());
    EXPECT_EQ(header_only.last_frame, FrameNumber{0});
    EXPECT_TRUE(header_only.frame_of.empty());
    EXPECT_THAT(scan(wal().bytes(), {.until = FrameNumber{1}}), FailsWith(ErrorCode::corrupt));
}

TEST_P(WalTest, AnUnknownVersionIsNoDamage) {
    // Only the version differs, and the checksum agrees with it.
    Bytes bytes = wal().bytes();
    bytes[7] ^= std::byte{1};
    const auto sum = wal_checksum({}, ByteView(bytes).first(24), GetParam());
    for (int i = 0; i < 4; ++i) {
        bytes[static_cast<std::size_t>(24 + i)] = static_cast<std::byte>(sum.s0 >> (24 - 8 * i));
        bytes[static_cast<std::size_t>(28 + i)] = static_cast<std::byte>(sum.s1 >> (24 - 8 * i));
    }
    EXPECT_THAT(parse_wal_header(bytes), FailsWith(ErrorCode::too_new));
    EXPECT_THAT(scan(bytes), FailsWith(ErrorCode::too_new));
}

// A torn tail: whatever length is left, the last whole commit counts.
TEST_P(WalTest, EveryLengthEndsAtACommit) {
    WalBytes builder = wal();
    builder.frame({.page = 1, .fill = 1, .database_pages = 1});
    builder.frame({.page = 2, .fill = 2}).frame({.page = 3, .fill = 3, .database_pages = 3});
    const std::size_t frame = builder.frame_size();
    for (std::size_t length = 32; length <= builder.bytes().size(); ++length) {
        const auto map = scanned(Bytes(builder.bytes().begin(), builder.bytes().begin() + static_cast<std::ptrdiff_t>(length)));
        const std::uint32_t expected = length >= 32 + 3 * frame ? 3 : length >= 32 + frame ? 1 : 0;
        ASSERT_EQ(map.last_frame.value, expected) << length;
    }
}

TEST_P(WalTest, AFlippedBitEndsTheChainBeforeItsFrame) {
    WalBytes builder = wal();
    for (std::uint8_t i = 1; i <= 4; ++i) builder.frame({.page = i, .fill = i, .database_pages = i});
    const std::size_t frame = builder.frame_size();
    for (std::size_t byte = 32; byte < builder.bytes().size(); ++byte) {
        Bytes bytes = builder.bytes();
        bytes[byte] ^= std::byte{0x10};
        ASSERT_EQ(scanned(bytes).last_frame.value, (byte - 32) / frame) << byte;
    }
}

// What a rolled-back transaction had spilled stays behind the next commit, with the same salts.
TEST_P(WalTest, StaleFramesWithEqualSaltsDoNotCount) {
    WalBytes spilled = wal().frame({.page = 1, .fill = 1, .database_pages = 9});
    WalBytes committed = spilled;
    for (std::uint8_t i = 2; i < 9; ++i) spilled.frame({.page = i, .fill = i});
    spilled.frame({.page = 9, .fill = 9, .database_pages = 9});
    committed.frame({.page = 3, .fill = 33, .database_pages = 9});
    Bytes bytes = committed.bytes();
    append(bytes, ByteView(spilled.bytes()).subspan(bytes.size()));
    const auto map = scanned(bytes);
    EXPECT_EQ(map.last_frame, FrameNumber{2});
    EXPECT_THAT(frames_of(map), ElementsAre(Pair(1, 1), Pair(3, 2)));
}

TEST_P(WalTest, FramesOfAnEarlierLifeDoNotCount) {
    Bytes bytes = wal(2).frame({.page = 1, .database_pages = 1}).bytes();
    append(bytes, ByteView(wal(1).frame({.page = 1}).frame({.page = 2, .database_pages = 2}).bytes()).subspan(bytes.size()));
    EXPECT_EQ(scanned(bytes).last_frame, FrameNumber{1});
}

TEST_P(WalTest, PageZeroEndsTheChain) {
    const auto map = scanned(wal().frame({.page = 1, .database_pages = 1}).frame({.page = 0, .database_pages = 1}).bytes());
    EXPECT_EQ(map.last_frame, FrameNumber{1});
}

TEST_P(WalTest, APaddedCommitCountsToItsLastCopy) {
    const auto map = scanned(wal()
                                 .frame({.page = 1})
                                 .frame({.page = 2, .fill = 5, .database_pages = 2})
                                 .frame({.page = 2, .fill = 5, .database_pages = 2})
                                 .frame({.page = 2, .fill = 5, .database_pages = 2})
                                 .bytes());
    EXPECT_EQ(map.last_frame, FrameNumber{4});
    EXPECT_THAT(frames_of(map), ElementsAre(Pair(1, 1), Pair(2, 4)));
}

TEST_P(WalTest, ACommitMayShrinkTheDatabase) {
    const auto map =
        scanned(wal().frame({.page = 9, .database_pages = 9}).frame({.page = 1, .database_pages = 2}).bytes());
    EXPECT_EQ(map.database_pages, PageNumber{2});
    EXPECT_THAT(frames_of(map), UnorderedElementsAre(Pair(1, 2), Pair(9, 1)));
}

TEST_P(WalTest, UntilIsACommitThatIsReached) {
    const Bytes bytes = wal()
                            .frame({.page = 1, .database_pages = 1})
                            .frame({.page = 2})
                            .frame({.page = 3, .database_pages = 3})
                            .bytes();
    EXPECT_EQ(scanned(bytes, {.until = FrameNumber{0}}).last_frame, FrameNumber{0});
    EXPECT_EQ(scanned(bytes, {.until = FrameNumber{1}}).database_pages, PageNumber{1});
    EXPECT_THAT(scan(bytes, {.until = FrameNumber{2}}), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(scanned(bytes, {.until = FrameNumber{3}}).database_pages, PageNumber{3});
    EXPECT_THAT(scan(bytes, {.until = FrameNumber{4}}), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(scan(bytes, {.until = FrameNumber{0xffffffff}}), FailsWith(ErrorCode::corrupt));
    Bytes damaged = bytes;
    damaged[40] ^= std::byte{1};
    EXPECT_THAT(scan(damaged, {.until = FrameNumber{3}}), FailsWith(ErrorCode::corrupt));
}

TEST_P(WalTest, TheChecksumIsThatOfTheLastFrame) {
    WalBytes builder = wal();
    builder.frame({.page = 1, .database_pages = 1}).frame({.page = 2});
    const auto map = scanned(builder.bytes());
    const std::size_t at = 32 + 16;
    EXPECT_EQ(format("{:08x}{:08x}", map.checksum.s0, map.checksum.s1), to_hex(ByteView(builder.bytes()).subspan(at, 8)));
}

// --- frames that the wal-index vouches for ---

TEST_P(WalTest, VouchedFramesCountAcrossABreak) {
    WalBytes builder = wal();
    for (std::uint8_t i = 1; i <= 5; ++i) builder.frame({.page = i, .fill = i, .database_pages = i});
    Bytes bytes = builder.bytes();
    const std::size_t third = 32 + 2 * builder.frame_size();
    std::ranges::fill(MutableByteView(bytes).subspan(third + 8, 16), std::byte{0});  // salts and checksum
    EXPECT_EQ(scanned(bytes).last_frame, FrameNumber{2});
    EXPECT_THAT(scan(bytes, {.until = FrameNumber{5}}), FailsWith(ErrorCode::corrupt));
    const auto map = scanned(bytes, {.until = FrameNumber{5}, .vouched = true});
    EXPECT_EQ(map.last_frame, FrameNumber{5});
    EXPECT_EQ(map.unproven_from, FrameNumber{3});
    EXPECT_THAT(frames_of(map), ElementsAre(Pair(1, 1), Pair(2, 2), Pair(3, 3), Pair(4, 4), Pair(5, 5)));
    // Nobody vouches for what lies behind, and a map with such frames is no ground to resume from.
    EXPECT_EQ(scanned(bytes, {.vouched = true}).last_frame, FrameNumber{2});
    EXPECT_EQ(scanned(bytes, {.resume = &map}).last_frame, FrameNumber{2});
}

TEST_P(WalTest, VouchingDoesNotMakeUpFrames) {
    WalBytes builder = wal();
    builder.frame({.page = 1, .database_pages = 1}).frame({.page = 2}).frame({.page = 0, .database_pages = 1});
    const Bytes bytes = builder.bytes();
    EXPECT_EQ(scanned(bytes, {.until = FrameNumber{1}, .vouched = true}).unproven_from, FrameNumber{0});
    for (const std::uint32_t until : {2u, 3u, 4u}) {
        EXPECT_THAT(scan(bytes, {.until = FrameNumber{until}, .vouched = true}), FailsWith(ErrorCode::corrupt)) << until;
    }
}

// --- resuming ---

TEST_P(WalTest, ResumingReadsOnlyWhatIsNew) {
    WalBytes builder = wal();
    builder.frame({.page = 1, .fill = 1, .database_pages = 1}).frame({.page = 2, .fill = 2, .database_pages = 2});
    const auto first = scanned(builder.bytes());
    builder.frame({.page = 1, .fill = 3, .database_pages = 2});
    const auto whole = scanned(builder.bytes());
    // Were the first frame read again, its damage would be seen.
    Bytes bytes = builder.bytes();
    bytes[100] ^= std::byte{1};
    ASSERT_EQ(scanned(bytes).last_frame, FrameNumber{0});
    const auto resumed = scanned(bytes, {.resume = &first});
    EXPECT_EQ(resumed.last_frame, whole.last_frame);
    EXPECT_EQ(resumed.checksum, whole.checksum);
    EXPECT_EQ(frames_of(resumed), frames_of(whole));
}

TEST_P(WalTest, ResumingStartsAnewWhereTheWalDoesNotAgree) {
    WalBytes before = wal(1).frame({.page = 1, .fill = 1, .database_pages = 1});
    WalBytes after = before;
    before.frame({.page = 2, .fill = 2, .database_pages = 2});  // a commit that nobody acknowledged
    const auto seen = scanned(before.bytes());
    after.frame({.page = 3, .fill = 3, .database_pages = 3}).frame({.page = 4, .fill = 4, .database_pages = 4});
    EXPECT_THAT(frames_of(scanned(after.bytes(), {.resume = &seen})), ElementsAre(Pair(1, 1), Pair(3, 2), Pair(4, 3)));

    const Bytes restarted = wal(2).frame({.page = 5, .database_pages = 5}).bytes();
    EXPECT_THAT(frames_of(scanned(restarted, {.resume = &seen})), ElementsAre(Pair(5, 1)));
    EXPECT_THAT(frames_of(scanned(before.bytes(), {.until = FrameNumber{1}, .resume = &seen})), ElementsAre(Pair(1, 1)));
    EXPECT_EQ(must(scan({}, {.resume = &seen})), std::nullopt);
}

TEST_P(WalTest, ResumingGivesWhatAWholeScanGives) {
    EXPECT_TRUE(rc::check([this](const std::vector<std::pair<std::uint8_t, bool>>& frames) {
        WalBytes builder = wal();
        std::optional<WalMap> resume;
        std::uint32_t size = 1;
        for (const auto& [number, commits] : frames) {
            size = commits ? number % 16 + 1u : size;
            builder.frame({.page = number % 20 + 1u, .fill = number, .database_pages = commits ? size : 0});
            auto map = scanned(builder.bytes(), {.resume = resume ? &*resume : nullptr});
            const auto whole = scanned(builder.bytes());
            RC_ASSERT(map.last_frame == whole.last_frame);
            RC_ASSERT(map.database_pages == whole.database_pages);
            RC_ASSERT(map.checksum == whole.checksum);
            RC_ASSERT(frames_of(map) == frames_of(whole));
            resume = std::move(map);
        }
    }));
}

// --- large, and failing ---

TEST_P(WalTest, ManyReadsMakeOneChain) {
    WalBytes builder = wal();
    for (std::uint32_t i = 1; i <= 5000; ++i) {
        builder.frame({.page = i % 3000 + 1, .fill = static_cast<std::uint8_t>(i), .database_pages = i % 7 ? 0u : 3001u});
    }
    const auto map = scanned(builder.bytes());  // 2.7 MB: three reads
    EXPECT_EQ(map.last_frame.value, 4998u);
    EXPECT_EQ(map.frame_of.size(), 3000u);
    EXPECT_EQ(map.frame_of.at(1).value, 3000u);
    EXPECT_EQ(map.frame_of.at(1999).value, 4998u);
}

TEST_P(WalTest, AFailedReadIsNoEndOfTheWal) {
    BytesFile file(wal().frame({.page = 1, .database_pages = 1}).frame({.page = 2, .database_pages = 2}).bytes());
    const auto raw = file.open(RawFileKind::wal);
    for (const std::uint64_t from : {0u, 31u, 40u, 600u}) {
        file.fail_from(from);
        EXPECT_THAT(scan_wal(raw), FailsWith(ErrorCode::unavailable)) << from;
    }
}

TEST(WalChecksumTest, ContinuesWhereItStopped) {
    EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& numbers, bool big) {
        Bytes bytes;
        for (const auto number : numbers) bytes.insert(bytes.end(), 8, static_cast<std::byte>(number));
        const std::size_t half = numbers.size() / 2 * 8;
        const auto whole = wal_checksum({}, bytes, big);
        RC_ASSERT(wal_checksum(wal_checksum({}, ByteView(bytes).first(half), big), ByteView(bytes).subspan(half), big) == whole);
    }));
}

}  // namespace
}  // namespace holdfast::sqlite

// The page of SQLite's lock bytes. Run with HOLDFAST_TEST_PENDING_BYTE=0x10000 too, which puts it into small databases.
#include <gtest/gtest.h>

#include "holdfast/sqlite/file_image.h"
#include "holdfast/sqlite/wal.h"
#include "support/database_files.h"
#include "support/pending_byte.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

class LockPageTest : public ::testing::TestWithParam<std::uint32_t> {
protected:
    const PageSize size_ = must(PageSize::from_bytes(GetParam()));
};
INSTANTIATE_TEST_SUITE_P(PageSizes, LockPageTest, ::testing::Values(512, 1024, 2048, 4096, 8192, 16384, 32768, 65536));

TEST_P(LockPageTest, HoldsTheLockBytes) {
    const std::uint64_t bytes = tests::pending_byte_moved ? 0x10000 : 0x40000000;
    EXPECT_EQ(offset_of(lock_page(size_), size_), bytes);
    EXPECT_EQ(lock_page(size_).value, bytes / size_.bytes() + 1);
}

TEST_P(LockPageTest, IsZeroWhateverLiesThere) {
    const TemporaryFolder folder;
    const PageNumber lock = lock_page(size_), before{lock.value - 1};
    tests::write_file(folder / "a.db", {});
    std::filesystem::resize_file(folder / "a.db", offset_of(before, size_));  // sparse
    {
        std::ofstream file(folder / "a.db", std::ios::app);
        file << std::string(3 * size_.bytes(), 'x');
    }
    const auto file = must(RawFile::open(folder / "a.db"));
    const auto image = file_image(file, size_, PageNumber{lock.value + 1});
    Bytes pages(3 * size_.bytes(), std::byte{1}), expected(3 * size_.bytes(), std::byte{'x'});
    std::ranges::fill(MutableByteView(expected).subspan(size_.bytes(), size_.bytes()), std::byte{0});
    ASSERT_THAT(image->read({before, 3}, pages), Succeeds());
    EXPECT_EQ(pages, expected);
    pages.resize(size_.bytes());
    ASSERT_THAT(image->read({lock, 1}, pages), Succeeds());
    EXPECT_TRUE(is_all_zero(pages));
}

TEST(MovedLockPageTest, IsNeverInAWal) {
    if (!tests::pending_byte_moved) GTEST_SKIP() << "the lock page lies at 1 GiB";
    for (std::uint32_t bytes = 512; bytes <= 65536; bytes *= 2) {
        const PageSize size = must(PageSize::from_bytes(bytes));
        const TemporaryFolder folder;
        auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
        must(writer.execute("PRAGMA page_size=" + std::to_string(bytes) +
                            "; PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (zeroblob(300000))"));
        const auto database = must(RawFile::open(folder / "a.db"));
        const auto wal = must(RawFile::open(folder / "a.db-wal", {.kind = RawFileKind::wal}));
        auto map = must(scan_wal(wal)).value();
        EXPECT_GT(map.database_pages, lock_page(size));
        EXPECT_FALSE(map.frame_of.contains(lock_page(size).value));
        const auto image = wal_image(database, wal, std::move(map));
        EXPECT_EQ(tests::image_bytes(*image), tests::serialized(writer));
    }
}

}  // namespace
}  // namespace holdfast::sqlite

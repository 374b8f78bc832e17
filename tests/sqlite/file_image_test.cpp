#include "holdfast/sqlite/file_image.h"

#include <gtest/gtest.h>

#include "holdfast/sqlite/connection.h"
#include "holdfast/sqlite/database_header.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

class FileImageTest : public ::testing::TestWithParam<int> {
protected:
    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "a.db";
};

TEST_P(FileImageTest, EqualsWhatSqliteReads) {
    auto connection = must(Connection::open(path_, {.mode = OpenMode::create}));
    must(connection.execute("PRAGMA page_size=" + std::to_string(GetParam()) + "; CREATE TABLE t(x);"
                            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<50) "
                            "INSERT INTO t SELECT randomblob(2000) FROM n"));
    const auto file = must(RawFile::open(path_));
    const auto size = must(PageSize::from_bytes(static_cast<std::uint32_t>(GetParam())));
    const PageNumber pages{static_cast<std::uint32_t>(must(file.size()) / size.bytes())};
    const auto image = file_image(file, size, pages);
    EXPECT_EQ(tests::image_bytes(*image), tests::serialized(connection));
    Bytes room(size.bytes());
    EXPECT_THAT(image->read({PageNumber{pages.value + 1}, 1}, room), FailsWith(ErrorCode::invalid));
}
INSTANTIATE_TEST_SUITE_P(PageSizes, FileImageTest, ::testing::Values(512, 1024, 2048, 4096, 8192, 16384, 32768, 65536));

TEST(RollbackImageTest, ChangesTheTwoVersionBytesAlone) {
    const TemporaryFolder folder;
    {
        auto connection = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
        must(connection.execute("PRAGMA journal_mode=WAL; CREATE TABLE t(x)"));
    }
    const Bytes bytes = tests::file_bytes(folder / "a.db");
    ASSERT_TRUE(must(parse_database_header(bytes)).is_wal());
    const auto wal = memory_image(must(PageSize::from_bytes(4096)), bytes);
    const auto rollback = as_rollback_image(*wal);
    Bytes expected = bytes;
    expected[18] = expected[19] = std::byte{1};
    EXPECT_EQ(tests::image_bytes(*rollback), expected);
    Bytes second(4096);
    ASSERT_THAT(rollback->read({PageNumber{2}, 1}, second), Succeeds());
    EXPECT_EQ(to_hex(second), to_hex(ByteView(bytes).subspan(4096)));
}

}  // namespace
}  // namespace holdfast::sqlite

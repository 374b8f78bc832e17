#include "holdfast/sqlite/database_header.h"

#include <gtest/gtest.h>

#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using ::testing::HasSubstr;

Bytes header_of(const std::string& setup) {
    const TemporaryFolder folder;
    const std::string path = folder / "a.db";
    {
        auto connection = must(Connection::open(path, {.mode = OpenMode::create}));
        must(connection.execute(setup + "; CREATE TABLE t(x); INSERT INTO t VALUES (1)"));
    }
    return tests::file_bytes(path);
}

TEST(DatabaseHeaderTest, ReadsWhatSqliteWrites) {
    const Bytes bytes = header_of(
        "PRAGMA page_size=8192; PRAGMA encoding='UTF-16be'; PRAGMA auto_vacuum=2; PRAGMA user_version=77; "
        "PRAGMA application_id=88; PRAGMA journal_mode=WAL");
    const auto header = must(parse_database_header(bytes));
    EXPECT_EQ(header.page_size.bytes(), 8192u);
    EXPECT_EQ(header.encoding, 3u);
    EXPECT_EQ(header.user_version, 77u);
    EXPECT_EQ(header.application_id, 88u);
    EXPECT_NE(header.largest_root_page, 0u);
    EXPECT_EQ(header.incremental_vacuum, 1u);
    EXPECT_EQ(header.page_count * 8192u, bytes.size());
    EXPECT_EQ(header.change_counter, header.version_valid_for);
    EXPECT_EQ(header.schema_cookie, 1u);
    EXPECT_TRUE(header.is_wal());
}

TEST(DatabaseHeaderTest, ReadsEveryPageSize) {
    for (std::uint32_t size = 512; size <= 65536; size *= 2) {
        const auto header = must(parse_database_header(header_of("PRAGMA page_size=" + std::to_string(size))));
        EXPECT_EQ(header.page_size.bytes(), size);
        EXPECT_FALSE(header.is_wal());
        EXPECT_EQ(header.largest_root_page, 0u);
    }
}

struct Stranger {
    std::string bytes;
    std::string said;
};

TEST(DatabaseHeaderTest, SaysWhatOtherFilesLookLike) {
    const std::string rest(200, 'x');
    std::string noise;
    for (int i = 0; i < 200; ++i) noise += static_cast<char>(i * 97 + 5);
    for (const Stranger& one : std::vector<Stranger>{
             {std::string(100, '\0'), "all zeros"},
             {"\x1f\x8b\x08" + rest, "gzip"},
             {"\x28\xb5\x2f\xfd" + rest, "zstd"},
             {"PK\x03\x04" + rest, "zip"},
             {"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;" + rest, "SQL dump"},
             {"** This file contains an SQLite 2.1 database **" + rest, "SQLite 2"},
             {"\x37\x7f\x06\x82" + rest, "write-ahead log"},
             {"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + rest, "rollback journal"},
             {"just a letter\n" + rest, "a text file"},
             {noise, "encrypted"},
         }) {
        const auto header = parse_database_header(bytes_of(one.bytes));
        ASSERT_THAT(header, FailsWith(ErrorCode::corrupt));
        EXPECT_THAT(header.error().message(), HasSubstr("not a SQLite database"));
        EXPECT_THAT(header.error().message(), HasSubstr(one.said));
    }
}

TEST(DatabaseHeaderTest, RefusesTooFewBytes) {
    const Bytes bytes = header_of("");
    EXPECT_THAT(parse_database_header(ByteView(bytes).first(99)), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(parse_database_header({}), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(parse_database_header(ByteView(bytes).first(100)), Succeeds());
}

// SQLite itself refuses each of these databases.
TEST(DatabaseHeaderTest, RefusesFieldsThatSqliteRefuses) {
    const Bytes good = header_of("");
    struct Wrong {
        std::size_t offset;
        std::uint8_t value;
    };
    for (const Wrong& wrong : {Wrong{16, 0x11}, Wrong{19, 3}, Wrong{21, 65}, Wrong{23, 31}}) {
        Bytes bytes = good;
        bytes[wrong.offset] = std::byte{wrong.value};
        EXPECT_THAT(parse_database_header(bytes), FailsWith(ErrorCode::corrupt)) << wrong.offset;
        const TemporaryFolder folder;
        tests::write_file(folder / "a.db", bytes);
        auto connection = must(Connection::open(folder / "a.db"));
        EXPECT_THAT(connection.integer("SELECT count(*) FROM t"), FailsWith(ErrorCode::corrupt)) << wrong.offset;
    }
    Bytes small = header_of("PRAGMA page_size=512");
    small[20] = std::byte{33};
    EXPECT_THAT(parse_database_header(small), FailsWith(ErrorCode::corrupt));
    small[20] = std::byte{32};
    EXPECT_THAT(parse_database_header(small), Succeeds());
}

TEST(DatabaseHeaderTest, TheMaskCoversExactlyTheseFields) {
    Bytes page(512, std::byte{0xff});
    mask_header_of_live_restore(page);
    for (std::size_t i = 0; i < page.size(); ++i) {
        const bool masked = i == 18 || i == 19 || (i >= 24 && i < 28) || (i >= 40 && i < 44) || (i >= 92 && i < 100);
        EXPECT_EQ(page[i], masked ? std::byte{0} : std::byte{0xff}) << i;
    }
}

}  // namespace
}  // namespace holdfast::sqlite

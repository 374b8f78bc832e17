#include "holdfast/sqlite/serve_image.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <thread>

#include "holdfast/sqlite/database_header.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"
#include "support/workload.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Verdict = CheckOutcome::Verdict;

Bytes database(const std::string& sql) {
    const TemporaryFolder folder;
    {
        auto connection = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
        must(connection.execute(sql));
    }
    return tests::file_bytes(folder / "a.db");
}
constexpr const char* thousand_rows =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, s TEXT); CREATE INDEX i ON t(s);"
    "INSERT INTO t(s) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000) SELECT hex(i*i) FROM n;";

std::unique_ptr<Image> image_of(Bytes bytes) {
    const auto size = must(parse_database_header(bytes)).page_size;
    return memory_image(size, std::move(bytes));
}

// An image whose pages can be made unreadable.
class FailingImage final : public Image {
public:
    FailingImage(std::unique_ptr<Image> image, PageNumber bad, ErrorCode code)
        : image_(std::move(image)), bad_(bad), code_(code) {}
    PageSize page_size() const override { return image_->page_size(); }
    PageNumber last_page() const override { return image_->last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        if (bad_ >= range.first && bad_.value - range.first.value < range.count) {
            return fail(code_, "chunk 1234 of page {} is gone", bad_.value);
        }
        return image_->read(range, into);
    }

private:
    std::unique_ptr<Image> image_;
    PageNumber bad_;
    ErrorCode code_;
};

TEST(ServeImageTest, ShowsEveryShapeOfDatabaseAsItIs) {
    EXPECT_TRUE(rc::check([] {
        const auto shape = *tests::any_shape();
        const auto mode = *rc::gen::element<std::string>("DELETE", "WAL");
        const TemporaryFolder folder;
        {
            auto writer = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
            tests::create_database(writer, shape, mode);
            for (const auto& change : *tests::any_changes()) must(writer.execute(tests::sql_of(change)));
        }
        Bytes bytes = tests::file_bytes(folder / "a.db");
        const auto image = image_of(bytes);
        const auto served = must(serve_image(*image));
        auto connection = must(served->connect());
        bytes[18] = bytes[19] = std::byte{1};
        RC_ASSERT(tests::serialized(connection) == bytes);
        RC_ASSERT(must(check_integrity(connection, CheckDepth::full)).verdict == Verdict::ok);
        RC_ASSERT(served->last_failure() == "");
        auto original = must(Connection::open(folder / "a.db"));
        for (const std::string query : {"SELECT count(*), sum(length(b)), max(s) FROM t", "SELECT count(*) FROM sqlite_schema"}) {
            RC_ASSERT(must(connection.text(query)) == must(original.text(query)));
        }
    }));
}

TEST(ServeImageTest, NeedsNoFileAndLeavesNone) {
    const auto image = image_of(database(std::string("PRAGMA journal_mode=WAL;") + thousand_rows));
    const TemporaryFolder folder;
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    {
        const auto served = must(serve_image(*image));
        auto connection = must(served->connect());
        EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 1000);
        EXPECT_EQ(must(connection.text("PRAGMA journal_mode")), "delete");
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
    std::filesystem::current_path(before);
}

TEST(ServeImageTest, AnImageOfNoPagesIsAnEmptyDatabase) {
    const auto image = memory_image(must(PageSize::from_bytes(4096)), {});
    const auto served = must(serve_image(*image));
    auto connection = must(served->connect());
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM sqlite_schema")), 0);
    EXPECT_EQ(must(check_integrity(connection, CheckDepth::full)).verdict, Verdict::ok);
}

TEST(ServeImageTest, CannotBeWritten) {
    const auto image = image_of(database(thousand_rows));
    const auto served = must(serve_image(*image));
    auto connection = must(served->connect());
    EXPECT_THAT(connection.execute("DELETE FROM t"), FailsWith(ErrorCode::denied));
    EXPECT_FALSE(connection.execute("PRAGMA journal_mode=WAL; CREATE TABLE x(y)").ok());
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 1000);
}

// Sorters and temporary tables need files of their own, which are not images.
TEST(ServeImageTest, TemporaryTablesWork) {
    const auto image = image_of(database(thousand_rows));
    const auto served = must(serve_image(*image));
    auto connection = must(served->connect());
    must(connection.execute("PRAGMA temp_store=FILE; PRAGMA cache_size=5; PRAGMA temp.cache_size=5;"
                            "CREATE TEMP TABLE copy AS SELECT a.s, randomblob(500) AS r FROM t a, t b WHERE b.id < 10"));
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM (SELECT DISTINCT r FROM copy ORDER BY r DESC)")), 9000);
}

TEST(ServeImageTest, SeveralImagesAtOnceDoNotMix) {
    const auto one = image_of(database("CREATE TABLE t(x); INSERT INTO t VALUES (1)"));
    const auto two = image_of(database("CREATE TABLE t(x); INSERT INTO t VALUES (2)"));
    const auto served_one = must(serve_image(*one)), served_two = must(serve_image(*two));
    auto a = must(served_one->connect()), b = must(served_two->connect()), c = must(served_one->connect());
    EXPECT_EQ(must(a.integer("SELECT x FROM t")), 1);
    EXPECT_EQ(must(b.integer("SELECT x FROM t")), 2);
    EXPECT_EQ(must(c.integer("SELECT x FROM t")), 1);
}

TEST(ServeImageTest, AConnectionMayBeClosedLate) {
    const auto image = image_of(database(thousand_rows));
    auto connection = must(must(serve_image(*image))->connect());
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 1000);
}

TEST(ServeImageTest, ThreadsEachWithAConnection) {
    const auto image = image_of(database(thousand_rows));
    const auto served = must(serve_image(*image));
    std::vector<std::int64_t> sums(4);
    {
        std::vector<std::jthread> threads;
        for (auto& sum : sums) {
            threads.emplace_back([&served, &sum] {
                for (int i = 0; i < 20; ++i) {
                    auto connection = must(served->connect());
                    sum += must(connection.integer("SELECT sum(id) FROM t"));
                }
            });
        }
    }
    EXPECT_THAT(sums, ::testing::Each(20 * 500500));
}

TEST(ServeImageTest, AnUnreadablePageIsAnOrdinarySqliteError) {
    for (const auto& [code, expected] : {std::pair{ErrorCode::corrupt, ErrorCode::corrupt},
                                         {ErrorCode::unavailable, ErrorCode::unavailable},
                                         {ErrorCode::denied, ErrorCode::unavailable}}) {
        const FailingImage image(image_of(database(thousand_rows)), PageNumber{4}, code);
        const auto served = must(serve_image(image));
        auto connection = must(served->connect());
        EXPECT_EQ(must(connection.text("SELECT name FROM sqlite_schema LIMIT 1")), "t");
        EXPECT_EQ(served->last_failure(), "");
        EXPECT_THAT(connection.integer("SELECT sum(length(s)) FROM t NOT INDEXED"), FailsWith(expected));
        EXPECT_THAT(served->last_failure(), HasSubstr("chunk 1234 of page 4 is gone"));
    }
}

TEST(ServeImageTest, ChecksTellOfUnreadablePages) {
    const FailingImage image(image_of(database(thousand_rows)), PageNumber{4}, ErrorCode::corrupt);
    const auto served = must(serve_image(image));
    auto connection = must(served->connect());
    const auto outcome = must(check_integrity(connection, CheckDepth::full));
    EXPECT_EQ(outcome.verdict, Verdict::damaged);
    EXPECT_THAT(outcome.findings, Contains(HasSubstr("Page 4: unable to get the page")));
}

TEST(ServeImageTest, AnUnreadableFirstPageFailsEverything) {
    const FailingImage image(image_of(database(thousand_rows)), PageNumber{1}, ErrorCode::unavailable);
    const auto served = must(serve_image(image));
    EXPECT_THAT(served->connect(), FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(served->last_failure(), HasSubstr("chunk 1234 of page 1 is gone"));
}

TEST(ServeImageTest, BytesThatAreNoDatabaseAreAnError) {
    const auto image = memory_image(must(PageSize::from_bytes(512)), Bytes(5120, std::byte{0x55}));
    const auto served = must(serve_image(*image));
    auto connection = must(served->connect());
    EXPECT_THAT(connection.integer("SELECT count(*) FROM sqlite_schema"), FailsWith(ErrorCode::corrupt));
}

TEST(ServeImageTest, OneBitFlippedAnywhereNeverDoesHarm) {
    const Bytes good = database(std::string("PRAGMA page_size=512;") + thousand_rows);
    EXPECT_TRUE(rc::check([&] {
        Bytes bytes = good;
        bytes[*rc::gen::inRange<std::size_t>(100, bytes.size())] ^= std::byte{*rc::gen::element<std::uint8_t>(1, 16, 128)};
        const auto image = memory_image(must(PageSize::from_bytes(512)), bytes);
        const auto served = must(serve_image(*image));
        auto connection = must(served->connect());
        RC_ASSERT(check_integrity(connection, CheckDepth::full).ok());
        (void)connection.integer("SELECT sum(length(s)) FROM t");
    }));
}

}  // namespace
}  // namespace holdfast::sqlite

#include "holdfast/sqlite/copy_pages.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <thread>

#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/serve_image.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/results.h"
#include "support/temporary_folder.h"
#include "support/workload.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using tests::DatabaseProcess;
using tests::different_pages;
using ::testing::IsEmpty;
using ::testing::Not;

const auto silent = [](std::uint64_t, std::uint64_t) { return Result<void>(); };

// A destination in some journal mode with rows 'old', and an image of another database with rows 'new'.
class PageCopyTest : public ::testing::TestWithParam<std::string> {
protected:
    PageCopyTest() {
        fill(path_, "old", GetParam());
        fill(folder_ / "new.db", "new", "WAL");
        Bytes bytes = tests::file_bytes(folder_ / "new.db");
        image_ = memory_image(must(PageSize::from_bytes(4096)), std::move(bytes));
        served_ = must(serve_image(*image_));
    }
    static void fill(const std::string& path, const std::string& word, const std::string& mode) {
        auto connection = must(Connection::open(path, {.mode = OpenMode::create}));
        must(connection.execute("PRAGMA journal_mode=" + mode + "; PRAGMA synchronous=OFF; CREATE TABLE t(word, x);"
                                "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<2000) "
                                "SELECT '" + word + "', randomblob(1000) FROM n"));
    }
    Connection destination(std::int64_t busy_timeout_ms = 0) const {
        auto connection = must(Connection::open(path_, {.mode = OpenMode::read_write, .busy_timeout_ms = busy_timeout_ms}));
        must(connection.execute("PRAGMA synchronous=OFF"));
        return connection;
    }
    bool is_wal() const { return GetParam() == "WAL"; }
    void expect_old(Connection& connection) const {
        EXPECT_EQ(must(connection.text("SELECT min(word) || max(word) || count(*) FROM t")), "oldold2000");
    }
    void expect_new(Connection& connection) const {
        EXPECT_EQ(must(connection.text("SELECT min(word) || max(word) || count(*) FROM t")), "newnew2000");
        EXPECT_EQ(must(connection.text("PRAGMA integrity_check")), "ok");
        Bytes now = tests::serialized(connection), image = tests::image_bytes(*image_);
        mask_header_of_live_restore(now);
        mask_header_of_live_restore(image);
        EXPECT_THAT(different_pages(now, image, 4096), IsEmpty());
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "a.db";
    std::unique_ptr<Image> image_;
    std::unique_ptr<ServedImage> served_;
};
INSTANTIATE_TEST_SUITE_P(Modes, PageCopyTest, ::testing::Values("DELETE", "TRUNCATE", "PERSIST", "WAL"),
                         [](const auto& each) { return each.param; });

TEST_P(PageCopyTest, ReplacesEveryPageAndKeepsTheJournalMode) {
    DatabaseProcess idle(path_);
    EXPECT_EQ(idle.run("SELECT max(word) FROM t"), "old");
    {
        auto to = destination();
        auto from = must(served_->connect());
        auto copy = must(PageCopy::begin(from, to));
        std::vector<std::uint64_t> steps;
        ASSERT_THAT(copy.commit([&](std::uint64_t done, std::uint64_t total) {
            EXPECT_EQ(total, image_->last_page().value);
            steps.push_back(done);
            return Result<void>();
        }),
                    Succeeds());
        EXPECT_GE(steps.size(), 1u);
        EXPECT_EQ(steps.front(), 0u);
        EXPECT_TRUE(std::ranges::is_sorted(steps));
        expect_new(to);
    }
    EXPECT_EQ(idle.run("SELECT max(word) FROM t"), "new");
    EXPECT_EQ(idle.run("PRAGMA journal_mode"), is_wal() ? "wal" : "delete");
    idle.run("INSERT INTO t VALUES ('more', 1)");
    idle.close();
    const auto header = must(parse_database_header(tests::file_bytes(path_)));
    EXPECT_EQ(header.is_wal(), is_wal());
}

TEST_P(PageCopyTest, HoldsTheWriteLockFromBeginOn) {
    DatabaseProcess other(path_);
    auto to = destination();
    auto from = must(served_->connect());
    {
        auto copy = must(PageCopy::begin(from, to));
        EXPECT_EQ(other.try_to("INSERT INTO t VALUES (1, 2)").code, SQLITE_BUSY);
        // In WAL mode readers go on; in rollback mode the lock keeps them out.
        EXPECT_EQ(other.try_to("SELECT max(word) FROM t").code, is_wal() ? SQLITE_OK : SQLITE_BUSY);
    }
    EXPECT_EQ(other.try_to("INSERT INTO t VALUES ('old', 2)").code, SQLITE_OK);
}

TEST_P(PageCopyTest, GivingUpLeavesEveryByteAsItWas) {
    DatabaseProcess other(path_);  // so that nothing is checkpointed away by a last close
    other.run("INSERT INTO t VALUES ('old', 1); DELETE FROM t WHERE x = 1");
    const auto without_index = [this] {
        auto files = tests::footprint(folder_.path(), {.times = false});
        files.erase("a.db-shm");  // where readers leave their marks
        return files;
    };
    const auto before = without_index();
    {
        auto to = destination();
        auto from = must(served_->connect());
        (void)must(PageCopy::begin(from, to));
    }
    EXPECT_EQ(without_index(), before);
    EXPECT_EQ(other.run("SELECT min(word) || max(word) || count(*) FROM t"), "oldold2000");
}

TEST_P(PageCopyTest, StoppingHalfwayRollsBack) {
    auto to = destination();
    must(to.execute("PRAGMA cache_size=10"));  // so that pages reach the file before the commit
    const Bytes before = tests::serialized(to);
    auto from = must(served_->connect());
    {
        auto copy = must(PageCopy::begin(from, to));
        EXPECT_THAT(copy.commit([&](std::uint64_t done, std::uint64_t) -> Result<void> {
            if (done == 0) return {};
            return fail(ErrorCode::cancelled, "enough");
        }),
                    FailsWith(ErrorCode::cancelled));
    }
    EXPECT_THAT(different_pages(tests::serialized(to), before, 4096), IsEmpty());
    expect_old(to);
}

TEST_P(PageCopyTest, AnOpenReaderKeepsItsViewInWalMode) {
    DatabaseProcess reader(path_);
    reader.run("BEGIN");
    EXPECT_EQ(reader.run("SELECT max(word) FROM t"), "old");
    auto to = destination();
    auto from = must(served_->connect());
    auto copy = PageCopy::begin(from, to);
    if (!is_wal()) {
        EXPECT_THAT(copy, FailsWith(ErrorCode::busy));
        EXPECT_EQ(reader.run("SELECT min(word) FROM t"), "old");
        return;
    }
    ASSERT_THAT(copy, Succeeds());
    ASSERT_THAT(copy->commit(silent), Succeeds());
    EXPECT_EQ(reader.run("SELECT min(word) || max(word) || count(*) FROM t"), "oldold2000");
    reader.run("COMMIT");
    EXPECT_EQ(reader.run("SELECT min(word) || max(word) || count(*) FROM t"), "newnew2000");
}

TEST_P(PageCopyTest, BusyWhenAWriterStaysAndNotWhenItGoes) {
    DatabaseProcess writer(path_);
    writer.run("PRAGMA busy_timeout=60000; BEGIN IMMEDIATE");  // who waits for the lock looks in with a SHARED one
    auto from = must(served_->connect());
    {
        auto to = destination(50);
        EXPECT_THAT(PageCopy::begin(from, to), FailsWith(ErrorCode::busy));
    }
    auto to = destination(60'000);
    std::jthread later([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        writer.run("COMMIT");
    });
    auto copy = PageCopy::begin(from, to);
    ASSERT_THAT(copy, Succeeds());
    ASSERT_THAT(copy->commit(silent), Succeeds());
    expect_new(to);
}

TEST_P(PageCopyTest, AnUnreadableSourceChangesNothing) {
    class Unreadable final : public Image {
    public:
        explicit Unreadable(const Image& image) : image_(image) {}
        PageSize page_size() const override { return image_.page_size(); }
        PageNumber last_page() const override { return image_.last_page(); }
        Result<void> read(PageRange range, std::span<std::byte> into) const override {
            if (range.first.value > 400) return fail(ErrorCode::unavailable, "gone");
            return image_.read(range, into);
        }

    private:
        const Image& image_;
    };
    const Unreadable image(*image_);
    auto to = destination();
    must(to.execute("PRAGMA cache_size=10"));
    {
        const auto served = must(serve_image(image));
        auto from = must(served->connect());
        auto copy = must(PageCopy::begin(from, to));
        EXPECT_THAT(copy.commit(silent), FailsWith(ErrorCode::unavailable));
    }
    expect_old(to);
    EXPECT_EQ(must(to.text("PRAGMA integrity_check")), "ok");
}

TEST_P(PageCopyTest, RefusesWhatCannotBeCopied) {
    auto to = destination();
    {
        const auto empty = memory_image(must(PageSize::from_bytes(4096)), {});
        const auto served = must(serve_image(*empty));
        auto from = must(served->connect());
        EXPECT_THAT(PageCopy::begin(from, to), FailsWith(ErrorCode::invalid));
    }
    auto other_size = must(Connection::open(":memory:", {.mode = OpenMode::create}));
    must(other_size.execute("PRAGMA page_size=1024; CREATE TABLE t(x)"));
    EXPECT_THAT(PageCopy::begin(other_size, to), FailsWith(ErrorCode::invalid));
    auto from = must(served_->connect());
    auto read_only = must(Connection::open(path_));
    EXPECT_THAT(PageCopy::begin(from, read_only), FailsWith(ErrorCode::denied));
    must(to.execute("BEGIN; SELECT count(*) FROM t"));
    EXPECT_FALSE(PageCopy::begin(from, to).ok());
    must(to.execute("COMMIT"));
    expect_old(to);
}

// Out of a live database: the copy is one moment of it.
TEST_P(PageCopyTest, CopiesALiveDatabaseOut) {
    auto source = must(Connection::open(path_));
    must(source.execute("BEGIN; SELECT count(*) FROM t"));
    auto out = must(Connection::open(folder_ / "out.db", {.mode = OpenMode::create}));
    auto copy = must(PageCopy::begin(source, out));
    ASSERT_THAT(copy.commit(silent), Succeeds());
    Bytes expected = tests::serialized(source), copied = tests::serialized(out);
    mask_header_of_live_restore(expected);
    mask_header_of_live_restore(copied);
    EXPECT_THAT(different_pages(copied, expected, 4096), IsEmpty());
}

TEST(PageCopyShapesTest, GrowsAndShrinksEveryShapeOfDatabase) {
    EXPECT_TRUE(rc::check([] {
        const TemporaryFolder folder;
        const auto size = *rc::gen::element(512u, 4096u, 65536u);
        const auto mode = *rc::gen::element<std::string>("DELETE", "WAL");
        for (const std::string name : {"from.db", "to.db"}) {
            auto shape = *tests::any_shape();
            shape.page_size = size;
            shape.encoding = "UTF-8";
            auto writer = must(Connection::open(folder / name, {.mode = OpenMode::create}));
            tests::create_database(writer, shape, mode);
            for (const auto& change : *tests::any_changes()) must(writer.execute(tests::sql_of(change)));
        }
        const Bytes bytes = tests::file_bytes(folder / "from.db");
        const auto image = memory_image(must(PageSize::from_bytes(size)), bytes);
        const auto served = must(serve_image(*image));
        auto from = must(served->connect());
        auto to = must(Connection::open(folder / "to.db", {.mode = OpenMode::read_write}));
        must(to.execute("PRAGMA synchronous=OFF"));
        auto copy = must(PageCopy::begin(from, to));
        must(copy.commit(silent));
        Bytes expected = bytes, now = tests::serialized(to);
        mask_header_of_live_restore(expected);
        mask_header_of_live_restore(now);
        RC_ASSERT(different_pages(now, expected, size) == std::vector<std::uint32_t>());
        RC_ASSERT(must(to.text("PRAGMA integrity_check")) == "ok");
        must(to.execute("INSERT INTO t(s) VALUES ('x'); VACUUM"));
        RC_ASSERT(must(to.text("PRAGMA integrity_check")) == "ok");
    }));
}

}  // namespace
}  // namespace holdfast::sqlite

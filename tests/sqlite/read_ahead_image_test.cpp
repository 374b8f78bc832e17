#include "holdfast/sqlite/read_ahead_image.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <random>
#include <set>
#include <thread>

#include "holdfast/base/limits.h"
#include "holdfast/sqlite/database_header.h"
#include "holdfast/sqlite/page_foresight.h"
#include "holdfast/sqlite/serve_image.h"
#include "support/database_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

// Counts what is read of it, and where; can refuse a page.
class WatchedImage final : public Image {
public:
    explicit WatchedImage(const Image& image) : image_(image), reader_(std::this_thread::get_id()) {}
    PageSize page_size() const override { return image_.page_size(); }
    PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        ++reads;
        const bool is_reader = std::this_thread::get_id() == reader_;
        if (!is_reader) ++reads_elsewhere;
        if (const auto takes = is_reader ? reader_takes : helper_takes; takes.count() > 0) std::this_thread::sleep_for(takes);
        const std::uint32_t refused = bad.load();
        if (refused >= range.first.value && refused < range.first.value + range.count) return fail(ErrorCode::corrupt, "page {} is gone", refused);
        return image_.read(range, into);
    }
    mutable std::atomic<int> reads = 0, reads_elsewhere = 0;
    std::atomic<std::uint32_t> bad = 0;
    std::chrono::microseconds reader_takes{0}, helper_takes{0};

private:
    const Image& image_;
    std::thread::id reader_;
};

// Two tables that grew in turn, so that the pages of each lie among those of the other.
Bytes interleaved_database(std::uint32_t page_size, int turns) {
    const TemporaryFolder folder;
    {
        auto connection = must(Connection::open(folder / "a.db", {.mode = OpenMode::create}));
        must(connection.execute(format("PRAGMA page_size = {}; CREATE TABLE a(id INTEGER PRIMARY KEY, s); CREATE TABLE b(id INTEGER PRIMARY KEY, s); CREATE INDEX i ON b(s);"
                                       "CREATE TRIGGER in_turn AFTER INSERT ON a BEGIN INSERT INTO b(s) VALUES (hex(randomblob(150))); END;"
                                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) INSERT INTO a(s) SELECT randomblob(300) FROM n",
                                       page_size, turns)));
    }
    return file_bytes(folder / "a.db");
}
std::unique_ptr<Image> image_of(const Bytes& bytes) { return memory_image(must(parse_database_header(bytes)).page_size, bytes); }

TEST(ReadAheadImageTest, GivesTheBytesOfTheImageWhateverIsAsked) {
    host::WorkerPool pool({.threads = 2});
    std::mt19937_64 random(1);
    const auto below = [&](std::uint64_t limit) { return random() % limit; };
    for (const std::uint32_t page_size : {512u, 4096u, 65536u}) {
        const Bytes bytes = interleaved_database(page_size, 4000);
        const auto image = image_of(bytes);
        const auto ahead = read_ahead_image(*image, {.bytes_max = 1024 * 1024, .pool = &pool});
        const std::uint32_t last = image->last_page().value;
        for (int i = 0; i < 3000; ++i) {
            const auto first = static_cast<std::uint32_t>(below(last) + 1);
            const auto count = static_cast<std::uint32_t>(i % 5 == 0 ? std::min<std::uint64_t>(below(200) + 1, last - first + 1) : 1);
            Bytes read(std::size_t{count} * page_size);
            must(ahead->read({PageNumber{first}, count}, read));
            ASSERT_TRUE(std::ranges::equal(read, ByteView(bytes).subspan(std::size_t{first - 1} * page_size, read.size()))) << first << " " << count;
        }
        Bytes one(page_size);
        EXPECT_THAT(ahead->read({PageNumber{last + 1}, 1}, one), FailsWith(ErrorCode::invalid));
    }
}

// What SQLite asks for, as an image sees it.
class Recorder final : public Image {
public:
    Recorder(const Image& image, std::function<void(PageNumber, ByteView)> saw) : image_(image), saw_(std::move(saw)) {}
    PageSize page_size() const override { return image_.page_size(); }
    PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(PageRange range, std::span<std::byte> into) const override {
        TRY(image_.read(range, into));
        saw_(range.first, into);
        return {};
    }

private:
    const Image& image_;
    std::function<void(PageNumber, ByteView)> saw_;
};

// In whatever order the pages lie: nearly all of a scan is told before the scan comes to it, and no run twice.
TEST(ReadAheadImageTest, AScanOfATreeIsForeseenPageByPage) {
    const Bytes bytes = interleaved_database(4096, 20000);
    const auto image = image_of(bytes);
    PageForesight foresight({.pages_per_run = 16, .runs_max = 8});
    std::set<std::uint64_t> told, come_to;
    std::size_t unforeseen = 0, told_twice = 0;
    const Recorder recorder(*image, [&](PageNumber page, ByteView content) {
        const std::uint64_t run = (page.value - 1) / 16;
        if (come_to.insert(run).second && !told.contains(run)) ++unforeseen;
        for (const auto next : foresight.saw({.page = page, .bytes = content, .usable_size = 4096})) {
            if (!told.insert(next).second) ++told_twice;
        }
    });
    const auto served = must(serve_image(recorder));
    auto connection = must(served->connect());
    EXPECT_GT(must(connection.integer("SELECT sum(length(s)) FROM b")), 0);
    ASSERT_GT(come_to.size(), 200u);
    EXPECT_LT(unforeseen, come_to.size() / 20);
    EXPECT_LT(told_twice, told.size() / 20);
    std::size_t for_nothing = 0;
    for (const auto run : told) for_nothing += come_to.contains(run) ? 0u : 1u;
    EXPECT_LT(for_nothing, told.size() / 20);
}

TEST(ReadAheadImageTest, ASearchReadsNothingThatIsNotAskedFor) {
    const Bytes bytes = interleaved_database(4096, 20000);
    const auto image = image_of(bytes);
    const WatchedImage watched(*image);
    {
        host::WorkerPool pool({.threads = 2});
        const auto ahead = read_ahead_image(watched, {.pool = &pool});
        const auto served = must(serve_image(*ahead));
        auto connection = must(served->connect());
        for (const int id : {15000, 100, 11000, 7}) EXPECT_EQ(must(connection.integer(format("SELECT id FROM b WHERE id = {}", id))), id);
    }
    EXPECT_EQ(watched.reads_elsewhere, 0);
    EXPECT_LT(watched.reads, 20);
}

TEST(ReadAheadImageTest, WhatComesNextIsReadInOtherThreads) {
    const Bytes bytes = interleaved_database(4096, 20000);
    const auto image = image_of(bytes);
    WatchedImage watched(*image);
    watched.reader_takes = std::chrono::microseconds(200);  // so that there is time to help it
    {
        host::WorkerPool pool({.threads = 2});
        const auto ahead = read_ahead_image(watched, {.pool = &pool});
        const auto served = must(serve_image(*ahead));
        auto connection = must(served->connect());
        must(connection.integer("SELECT sum(length(s)) FROM b"));
    }
    EXPECT_GT(watched.reads_elsewhere, 0);
    EXPECT_LE(static_cast<std::uint64_t>(watched.reads), image->size() / limits::extent_size + 2) << "each run once";
}

// Where the only helper is held up with one run, the reader reads the others instead of waiting for it.
TEST(ReadAheadImageTest, TheReaderWorksWhileAnotherIsHeldUp) {
    const Bytes bytes = interleaved_database(4096, 20000);
    const auto image = image_of(bytes);
    WatchedImage watched(*image);
    watched.helper_takes = std::chrono::milliseconds(20);
    {
        host::WorkerPool pool({.threads = 1});
        const auto ahead = read_ahead_image(watched, {.pool = &pool});
        const auto served = must(serve_image(*ahead));
        auto connection = must(served->connect());
        must(connection.integer("SELECT sum(length(s)) FROM b"));
    }
    EXPECT_GT(watched.reads_elsewhere, 0);
    EXPECT_GT(watched.reads - watched.reads_elsewhere, 10 * watched.reads_elsewhere);
}

TEST(ReadAheadImageTest, KeepsNoMoreThanItMay) {
    const Bytes bytes = interleaved_database(4096, 20000);
    const auto image = image_of(bytes);
    const WatchedImage watched(*image);
    const auto ahead = read_ahead_image(watched, {.bytes_max = 1024 * 1024});
    const auto runs = static_cast<int>(image->size() / limits::extent_size);
    ASSERT_GT(runs, 100);
    Bytes page(4096);
    for (int turn = 0; turn < 2; ++turn) {
        for (int run = 0; run < runs; ++run) must(ahead->read({PageNumber{static_cast<std::uint32_t>(run * 16 + 1)}, 1}, page));
    }
    EXPECT_EQ(watched.reads, 2 * runs) << "what was read first had gone";
    for (int i = 0; i < 10; ++i) must(ahead->read({PageNumber{static_cast<std::uint32_t>(runs * 16 - 3)}, 1}, page));
    EXPECT_EQ(watched.reads, 2 * runs) << "what was read last is there";
}

// A failure is told to who asks for the page, also when it was met ahead of that; and it is asked again.
TEST(ReadAheadImageTest, AFailureIsToldAndNotRemembered) {
    const Bytes bytes = interleaved_database(4096, 20000);
    const auto image = image_of(bytes);
    WatchedImage watched(*image);
    host::WorkerPool pool({.threads = 2});
    const auto ahead = read_ahead_image(watched, {.pool = &pool});
    const auto served = must(serve_image(*ahead));
    const std::string every_page = "SELECT (SELECT sum(length(s)) FROM a) + (SELECT sum(length(s)) FROM b NOT INDEXED) + (SELECT count(s) FROM b INDEXED BY i)";
    watched.bad = image->last_page().value / 32 * 16 + 5;  // amid the pages that are read with it
    {
        auto connection = must(served->connect());
        EXPECT_THAT(connection.integer(every_page), FailsWith(ErrorCode::corrupt));
        EXPECT_THAT(served->last_failure(), ::testing::HasSubstr("is gone"));
    }
    Bytes page(4096);
    EXPECT_THAT(ahead->read({PageNumber{watched.bad}, 1}, page), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(ahead->read({PageNumber{watched.bad + 1}, 1}, page), Succeeds()) << "what lies beside it is there";
    watched.bad = 0;
    auto connection = must(served->connect());
    EXPECT_THAT(connection.integer(every_page), Succeeds());
}

TEST(ReadAheadImageTest, ThreadsReadAndScanAtOnce) {
    const Bytes bytes = interleaved_database(4096, 20000);
    const auto image = image_of(bytes);
    host::WorkerPool pool({.threads = 2});
    const auto ahead = read_ahead_image(*image, {.bytes_max = 1024 * 1024, .pool = &pool});  // the threads push out each other's pages
    const auto served = must(serve_image(*ahead));
    const auto plain = must(serve_image(*image));
    auto oracle = must(plain->connect());
    const std::string scan = "SELECT sum(id * length(s)) FROM ", search = "SELECT count(*) FROM b WHERE s > 'A' AND s < 'B'";
    const auto a = must(oracle.integer(scan + "a")), b = must(oracle.integer(scan + "b")), between = must(oracle.integer(search));
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> threads;
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&, thread] {
                auto connection = must(served->connect());
                for (int turn = 0; turn < 3; ++turn) {
                    if (must(connection.integer(scan + (thread % 2 ? "a" : "b"))) != (thread % 2 ? a : b)) ++wrong;
                    if (must(connection.integer(search)) != between) ++wrong;
                }
            });
        }
    }
    EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace holdfast::sqlite

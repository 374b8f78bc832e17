#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "holdfast/host/host.h"
#include "holdfast/live/replace.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/frozen_database.h"
#include "support/images.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

// The machine's clock, and how far it has gone on since.
class LaterClock final : public host::Clock {
public:
    Timestamp now() override { return {host::system_clock().now().nanoseconds + ahead_ns}; }
    std::int64_t monotonic_ns() override { return host::system_clock().monotonic_ns(); }
    void sleep_ms(std::int64_t ms) override { host::system_clock().sleep_ms(ms); }
    std::int64_t ahead_ns = 0;
};

class NewFileTest : public ::testing::Test {
protected:
    Result<WriteReport> write(const sqlite::Image& image, const NewFileRequest& request) {
        host::Host host = host::real_host();
        return write_new_file({host.files, clock_, host.random, host.log}, pool_, image, request, {});
    }
    std::vector<std::string> names() const {
        std::vector<std::string> all;
        for (const auto& entry : fs::directory_iterator(folder_.path())) all.push_back(entry.path().filename());
        return all;
    }
    mode_t mode_of(const std::string& path) const {
        struct stat status {};
        return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "app.db";
    host::WorkerPool pool_;
    LaterClock clock_;
};

// What fails the reading of a page.
class BrokenImage final : public sqlite::Image {
public:
    explicit BrokenImage(sqlite::PageNumber broken) : broken_(broken) {}
    sqlite::PageSize page_size() const override { return must(sqlite::PageSize::from_bytes(4096)); }
    sqlite::PageNumber last_page() const override { return {2000}; }
    Result<void> read(sqlite::PageRange range, std::span<std::byte> into) const override {
        if (range.first <= broken_ && broken_.value < range.first.value + range.count) {
            return fail(ErrorCode::corrupt, "page {} cannot be proven", broken_.value);
        }
        std::ranges::fill(into, std::byte{7});
        return {};
    }

private:
    sqlite::PageNumber broken_;
};

TEST_F(NewFileTest, EveryByteIsTheImages) {
    for (const std::uint32_t page_size : {512u, 4096u, 65536u}) {
        const auto database =
            tests::database_bytes(format("PRAGMA page_size={};", page_size) + tests::rows_sql("a", 10'000));
        const auto image = tests::image_of(database, page_size);
        const auto report = write(*image, {.path = path_, .appearance = {.mode = 0640}});
        ASSERT_THAT(report, Succeeds());
        EXPECT_TRUE(tests::file_bytes(path_) == database);
        EXPECT_EQ(report->bytes_written, database.size());
        EXPECT_EQ(mode_of(path_), 0640u);
        EXPECT_THAT(names(), ElementsAre("app.db"));
        fs::remove(path_);
    }
}

TEST_F(NewFileTest, AnEmptyDatabase) {
    const auto image = tests::image_of({});
    ASSERT_THAT(write(*image, {.path = path_}), Succeeds());
    EXPECT_TRUE(fs::exists(path_));
    EXPECT_EQ(fs::file_size(path_), 0u);
}

TEST_F(NewFileTest, ZerosStayHoles) {
    auto database = tests::database_bytes(tests::rows_sql("a", 100));
    const auto pages = database.size();
    database.resize(64 << 20);
    database[40 << 20] = std::byte{1};
    const auto image = tests::image_of(database);
    ASSERT_THAT(write(*image, {.path = path_}), Succeeds());
    EXPECT_TRUE(tests::file_bytes(path_) == database);
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    EXPECT_LT(static_cast<std::uint64_t>(status.st_blocks) * 512, pages + (4 << 20));
}

TEST_F(NewFileTest, TakesNoNameThatIsTaken) {
    const auto image = tests::image_of(tests::database_bytes(tests::rows_sql("a", 10)));
    tests::write_file(path_, bytes_of("mine"));
    EXPECT_THAT(write(*image, {.path = path_}), FailsWith(ErrorCode::exists));
    EXPECT_EQ(text_of(tests::file_bytes(path_)), "mine");
    fs::remove(path_);
    fs::create_symlink("nowhere", path_);
    EXPECT_THAT(write(*image, {.path = path_}), FailsWith(ErrorCode::exists));
    EXPECT_THAT(names(), ElementsAre("app.db"));
}

// The name is taken while the image is being written.
TEST_F(NewFileTest, TakesNoNameThatIsTakenMeanwhile) {
    const auto image = tests::image_of(tests::database_bytes(tests::rows_sql("a", 10)));
    struct Intruder final : Progress {
        void at(const ProgressStep& step) override {
            if (step.phase == "restoring") tests::write_file(path, bytes_of("mine"));
        }
        std::string path;
    } intruder;
    intruder.path = path_;
    const Watch watch{.progress = &intruder, .stop = {}};
    EXPECT_THAT(write_new_file(host::real_host(), pool_, *image, {.path = path_}, watch), FailsWith(ErrorCode::exists));
    EXPECT_EQ(text_of(tests::file_bytes(path_)), "mine");
    EXPECT_THAT(names(), ElementsAre("app.db"));
}

TEST_F(NewFileTest, MakesMissingFolders) {
    const auto image = tests::image_of(tests::database_bytes(tests::rows_sql("a", 10)));
    ASSERT_THAT(write(*image, {.path = folder_ / "some/where/app.db"}), Succeeds());
    EXPECT_EQ(tests::integrity_of(tests::file_bytes(folder_ / "some/where/app.db")), "ok");
}

TEST_F(NewFileTest, SidecarsOfAVanishedDatabaseAreMovedAside) {
    {
        DatabaseProcess victim(path_);
        victim.run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, kind TEXT); INSERT INTO t VALUES (1, 'stale')");
        victim.kill_now();
    }
    const auto old_main = tests::file_bytes(path_), old_wal = tests::file_bytes(path_ + "-wal");
    fs::remove(path_);
    tests::write_file(path_ + "-journal", bytes_of("some journal"));
    const auto database = tests::database_bytes("PRAGMA journal_mode=WAL;" + tests::rows_sql("new", 10));
    const auto image = tests::image_of(database);
    const auto report = write(*image, {.path = path_});
    ASSERT_THAT(report, Succeeds());
    EXPECT_EQ(report->moved_aside.size(), 3u);
    for (const auto& moved : report->moved_aside) {
        EXPECT_TRUE(fs::exists(moved));
        EXPECT_THAT(moved, HasSubstr("app.db.before-restore-2"));
        if (moved.ends_with("-wal")) {
            EXPECT_TRUE(tests::file_bytes(moved) == old_wal);
        }
    }
    auto connection = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::read_write}));
    EXPECT_EQ(must(connection.text("SELECT group_concat(DISTINCT kind) FROM t")), "new");
}

// Without the step above SQLite reads the old rows out of the stale WAL: what the test before guards against is real.
TEST_F(NewFileTest, AStaleWalWouldShowOldRows) {
    {
        DatabaseProcess victim(path_);
        victim.run("PRAGMA journal_mode=WAL;" + tests::rows_sql("stale", 10));
        victim.kill_now();
    }
    fs::remove(path_);
    tests::write_file(path_, tests::database_bytes("PRAGMA journal_mode=WAL;" + tests::rows_sql("new", 10)));
    auto connection = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::read_write}));
    EXPECT_EQ(must(connection.text("SELECT group_concat(DISTINCT kind) FROM t")), "stale");
}

TEST_F(NewFileTest, AnUnreadablePageLeavesNothing) {
    EXPECT_THAT(write(BrokenImage({1700}), {.path = path_}), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(NewFileTest, StoppingLeavesNothing) {
    const auto image = tests::image_of(tests::database_bytes(tests::rows_sql("a", 10)));
    std::stop_source stop;
    stop.request_stop();
    const Watch watch{.stop = stop.get_token()};
    EXPECT_THAT(write_new_file(host::real_host(), pool_, *image, {.path = path_}, watch), FailsWith(ErrorCode::cancelled));
    EXPECT_THAT(names(), IsEmpty());
}

TEST_F(NewFileTest, OwnerWhereThatIsAllowed) {
    const auto image = tests::image_of(tests::database_bytes(tests::rows_sql("a", 10)));
    const auto report =
        write(*image, {.path = path_, .appearance = {.mode = 0600, .owner = 65534, .group = 65534, .set_owner = true}});
    ASSERT_THAT(report, Succeeds());
    struct stat status {};
    ASSERT_EQ(::stat(path_.c_str(), &status), 0);
    if (::geteuid() == 0) {
        EXPECT_EQ(status.st_uid, 65534u);
        EXPECT_THAT(report->notes, IsEmpty());
        fs::remove(path_);
        must(write(*image, {.path = path_, .appearance = {.mode = 06755, .owner = 0, .group = 0, .set_owner = true}}));
        EXPECT_EQ(mode_of(path_), 0755u) << "nobody runs a database";
    } else {
        EXPECT_EQ(status.st_mode & 0070u, 0u) << "another group than the one that might read it";
        EXPECT_THAT(report->notes, ElementsAre(HasSubstr("could not give")));
    }
}

TEST_F(NewFileTest, WhatAKilledWriterLeftIsRemoved) {
    const auto image = tests::image_of(tests::database_bytes(tests::rows_sql("a", 10)));
    const std::string left = ".app.db.00112233445566aa.restoring", in_use = ".app.db.00112233445566bb.restoring";
    for (const auto& name : {left, in_use, std::string(".app.db.my-holiday-notes.restoring"), std::string(".other.db.00112233445566aa.restoring")}) {
        tests::write_file(folder_ / name, bytes_of("half"));
    }
    const auto lock = must(host::posix_file_system().try_lock(folder_ / in_use));
    ASSERT_THAT(write(*image, {.path = path_}), Succeeds());
    EXPECT_THAT(names(), Contains(left)) << "young: its writer may be about to give it its name";
    fs::remove(path_);
    clock_.ahead_ns = 3 * nanoseconds_per_second;
    ASSERT_THAT(write(*image, {.path = path_}), Succeeds());
    EXPECT_THAT(names(), UnorderedElementsAre("app.db", in_use, ".app.db.my-holiday-notes.restoring", ".other.db.00112233445566aa.restoring"));
}

}  // namespace
}  // namespace holdfast::live

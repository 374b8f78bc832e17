#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>

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
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class SwapFileTest : public ::testing::Test {
protected:
    Result<WriteReport> swap(const Watch& watch = {}) {
        return swap_file(host::real_host(), pool_, *image_, {.path = path_, .replace_existing = true},
                         {.offline = true, .wait_ms = 50}, watch);
    }
    void write_garbage() const { tests::write_file(path_, bytes_of(std::string(5000, 'g'))); }
    Bytes moved(const WriteReport& report, std::string_view ending) const {
        for (const auto& name : report.moved_aside) {
            const auto file = fs::path(name).filename().string();
            const auto dash = file.rfind('-');
            const bool is_sidecar = dash != std::string::npos && file.find('Z') < dash;
            if ((is_sidecar ? std::string_view(file).substr(dash) : "") == ending) return tests::file_bytes(name);
        }
        return {};
    }
    void expect_only_new() const {
        EXPECT_TRUE(tests::file_bytes(path_) == database_);
        for (const char* ending : {"-wal", "-shm", "-journal"}) EXPECT_FALSE(fs::exists(path_ + ending));
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "app.db";
    const Bytes database_ = tests::database_bytes(tests::rows_sql("new", 1000));
    const std::unique_ptr<sqlite::Image> image_ = tests::image_of(database_);
    host::WorkerPool pool_;
};

TEST_F(SwapFileTest, TheOldFilesAreKeptTogether) {
    write_garbage();
    for (const std::string ending : {"-wal", "-shm", "-journal"}) tests::write_file(path_ + ending, bytes_of("old" + ending));
    const auto report = swap();
    ASSERT_THAT(report, Succeeds());
    expect_only_new();
    EXPECT_EQ(report->moved_aside.size(), 4u);
    EXPECT_EQ(text_of(moved(*report, "")), std::string(5000, 'g'));
    for (const std::string ending : {"-wal", "-shm", "-journal"}) EXPECT_EQ(text_of(moved(*report, ending)), "old" + ending);
}

TEST_F(SwapFileTest, TwiceInOneSecond) {
    for (int i = 0; i < 3; ++i) {
        write_garbage();
        ASSERT_THAT(swap(), Succeeds());
    }
    std::size_t kept = 0;
    for (const auto& entry : fs::directory_iterator(folder_.path())) kept += entry.path().string().find("before-restore") != std::string::npos;
    EXPECT_EQ(kept, 3u);
}

TEST_F(SwapFileTest, WhereNothingIs) {
    const auto report = swap();
    ASSERT_THAT(report, Succeeds());
    EXPECT_THAT(report->moved_aside, IsEmpty());
    expect_only_new();
}

// What a crash left in the WAL of a database that can still be opened belongs into it before it goes aside.
TEST_F(SwapFileTest, AUsableDatabaseComesToRestFirst) {
    for (const std::string mode : {"WAL", "DELETE"}) {
        {
            DatabaseProcess victim(path_);
            victim.run("PRAGMA page_size=8192; PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 1000));
            victim.run("PRAGMA cache_size=1; BEGIN; UPDATE t SET b=randomblob(300)");
            victim.kill_now();
        }
        EXPECT_TRUE(fs::exists(path_ + (mode == "WAL" ? "-wal" : "-journal")));
        const auto report = swap();
        ASSERT_THAT(report, Succeeds());
        expect_only_new();
        ASSERT_EQ(report->moved_aside.size(), 1u);
        auto old = must(sqlite::Connection::open(report->moved_aside.front(), {.mode = sqlite::OpenMode::read_write}));
        EXPECT_EQ(must(old.text("PRAGMA integrity_check")), "ok");
        EXPECT_EQ(must(old.integer("SELECT count(*) FROM t WHERE kind='old' AND length(b)=200")), 1000);
        for (const auto& entry : fs::directory_iterator(folder_.path())) fs::remove(entry);
    }
}

TEST_F(SwapFileTest, NotWhileSomebodyHasItOpen) {
    DatabaseProcess application(path_);
    application.run("PRAGMA page_size=8192;" + tests::rows_sql("old", 10));
    const auto before = tests::footprint(folder_.path());
    const auto refused = swap();
    ASSERT_THAT(refused, FailsWith(ErrorCode::busy));
    EXPECT_THAT(refused.error().text(), HasSubstr(format("process {}", application.pid())));
    EXPECT_EQ(tests::footprint(folder_.path()), before);
    EXPECT_EQ(application.run("SELECT count(*) FROM t"), "10");
}

// Opened while the new file is being written; and a file that SQLite could open is locked against those who come late.
TEST_F(SwapFileTest, NotWhenSomebodyOpensItMeanwhile) {
    { DatabaseProcess(path_).run(tests::rows_sql("old", 10)); }
    struct Opening final : Progress {
        void at(const ProgressStep& step) override {
            if (step.phase != "restoring" || application) return;
            application = std::make_unique<DatabaseProcess>(path);
            application->run("SELECT * FROM t");
        }
        std::string path;
        std::unique_ptr<DatabaseProcess> application;
    } opening;
    opening.path = path_;
    const auto before = tests::footprint(folder_.path());
    EXPECT_THAT(swap({.progress = &opening, .stop = {}}), FailsWith(ErrorCode::busy));
    EXPECT_EQ(tests::footprint(folder_.path()), before);
}

TEST_F(SwapFileTest, AnIdleWalConnectionOfThisProcessIsNoticed) {
    auto connection = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::create}));
    must(connection.execute("PRAGMA journal_mode=WAL;" + tests::rows_sql("old", 10)));
    EXPECT_THAT(swap(), FailsWith(ErrorCode::busy));
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 10);
}

TEST_F(SwapFileTest, NeedsTheWordToReplace) {
    write_garbage();
    const auto refused = swap_file(host::real_host(), pool_, *image_, {.path = path_}, {.offline = true}, {});
    EXPECT_THAT(refused, FailsWith(ErrorCode::exists));
}

TEST_F(SwapFileTest, AFailureLeavesTheOldOne) {
    write_garbage();
    const auto before = tests::footprint(folder_.path());
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(swap({.stop = stop.get_token()}), FailsWith(ErrorCode::cancelled));
    EXPECT_EQ(tests::footprint(folder_.path()), before);
}

}  // namespace
}  // namespace holdfast::live

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>

#include "holdfast/live/freeze.h"
#include "holdfast/live/replace.h"
#include "support/busy_writer.h"
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
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class WriteLiveTest : public ::testing::Test {
protected:
    Result<WriteReport> write(const sqlite::Image& image, LiveRequest request = {.path = {}}) const {
        request.path = path_;
        return write_live(host::real_host(), image, request, {});
    }
    void expect_content(const Bytes& database) const {
        EXPECT_TRUE(masked(freeze_bytes(path_)->bytes) == masked(database));
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "app.db";
    const Bytes database_ = tests::database_bytes(tests::rows_sql("new", 1000));
    const std::unique_ptr<sqlite::Image> image_ = tests::image_of(database_);
};

// An application that holds the database open, idle, sees the new content and can write, in every journal mode.
TEST_F(WriteLiveTest, AnIdleApplicationGoesOnWithTheNewContent) {
    for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF", "WAL"}) {
        for (const int old_rows : {1, 5000}) {
            SCOPED_TRACE(mode + " " + std::to_string(old_rows));
            DatabaseProcess application(path_);
            application.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", old_rows));
            application.run("SELECT sum(length(b)) FROM t");
            const auto report = write(*image_);
            ASSERT_THAT(report, Succeeds());
            EXPECT_EQ(report->proof, Proof::content);
            EXPECT_THAT(report->notes, IsEmpty());
            EXPECT_EQ(report->bytes_written, database_.size());
            expect_content(database_);
            EXPECT_EQ(application.run("SELECT kind, count(*) FROM t GROUP BY 1"), "new|1000");
            EXPECT_EQ(application.run("PRAGMA journal_mode"), [&] {
                std::string lower = mode;
                std::ranges::transform(lower, lower.begin(), [](char c) { return static_cast<char>(c + 32); });
                return lower;
            }());
            EXPECT_EQ(application.run("INSERT INTO t(kind) VALUES ('newer'); SELECT count(*) FROM t"), "1001");
            application.close();
            DatabaseProcess later(path_);
            EXPECT_EQ(later.run("SELECT count(*) FROM t; PRAGMA integrity_check"), "1001\nok");
            later.close();
            for (const auto& entry : fs::directory_iterator(folder_.path())) fs::remove(entry);
        }
    }
}

TEST_F(WriteLiveTest, FromAWalImageIntoAnyMode) {
    const auto database = tests::database_bytes("PRAGMA journal_mode=WAL;" + tests::rows_sql("new", 50));
    const auto image = tests::image_of(database);
    for (const std::string mode : {"delete", "wal"}) {
        DatabaseProcess application(path_);
        application.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 100));
        ASSERT_THAT(write(*image), Succeeds());
        expect_content(database);
        EXPECT_EQ(application.run("PRAGMA journal_mode; SELECT count(*) FROM t"), mode + "\n50");
        application.close();
        fs::remove(path_);
    }
}

// Space taken in large steps, or a kill between a commit and the cutting of the file: SQLite counts fewer pages than lie
// in the file, and writes only those.
TEST_F(WriteLiveTest, PagesBehindTheEndAreNoneOfTheDatabase) {
    for (const std::string mode : {"delete", "wal"}) {
        const auto database = tests::database_bytes("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("new", 50));
        auto longer = database;
        longer.insert(longer.end(), 3 * 4096, std::byte{0x7A});
        const auto image = tests::image_of(longer);
        DatabaseProcess application(path_);
        application.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 100));
        application.close();
        auto there = tests::file_bytes(path_);
        there.insert(there.end(), 5 * 4096, std::byte{0x5A});
        tests::write_file(path_, there);
        ASSERT_THAT(write(*image), Succeeds()) << mode;
        expect_content(database);
        fs::remove(path_);
    }
}

TEST_F(WriteLiveTest, EveryPageSizeAndAutoVacuum) {
    for (const int page_size : {512, 1024, 8192, 65536}) {
        for (const int auto_vacuum : {0, 1, 2}) {
            const std::string pragmas = format("PRAGMA page_size={}; PRAGMA auto_vacuum={};", page_size, auto_vacuum);
            const auto database = tests::database_bytes(pragmas + tests::rows_sql("new", 300));
            const auto image = tests::image_of(database, static_cast<std::uint32_t>(page_size));
            DatabaseProcess application(path_);
            application.run(pragmas + tests::rows_sql("old", 500));
            ASSERT_THAT(write(*image), Succeeds());
            EXPECT_TRUE(masked(freeze_bytes(path_)->bytes, static_cast<std::uint32_t>(page_size)) ==
                        masked(database, static_cast<std::uint32_t>(page_size)));
            application.close();
            fs::remove(path_);
        }
    }
}

TEST_F(WriteLiveTest, NothingLiesBesideItAfterwards) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        DatabaseProcess maker(path_);
        maker.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 100));
        maker.close();
        ASSERT_THAT(write(*image_), Succeeds());
        EXPECT_EQ(tests::footprint(folder_.path()).size(), 1u);
        expect_content(database_);
        fs::remove(path_);
    }
}

TEST_F(WriteLiveTest, OverWhatACrashLeft) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        DatabaseProcess victim(path_);
        victim.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 1000));
        victim.run("PRAGMA cache_size=1; UPDATE t SET b=randomblob(210) WHERE id=7; BEGIN; UPDATE t SET b=randomblob(300)");
        victim.kill_now();
        ASSERT_THAT(write(*image_), Succeeds());
        EXPECT_EQ(tests::footprint(folder_.path()).size(), 1u);
        expect_content(database_);
        fs::remove(path_);
    }
}

TEST_F(WriteLiveTest, IntoAFileWithoutBytes) {
    tests::write_file(path_, {});
    ASSERT_THAT(write(*image_), Succeeds());
    expect_content(database_);
}

TEST_F(WriteLiveTest, ReadersKeepTheirViewInWalMode) {
    DatabaseProcess application(path_);
    application.run("PRAGMA journal_mode=WAL;" + tests::rows_sql("old", 10));
    application.run("BEGIN; SELECT count(*) FROM t");
    ASSERT_THAT(write(*image_), Succeeds());
    EXPECT_EQ(application.run("SELECT kind, count(*) FROM t GROUP BY 1"), "old|10");
    EXPECT_EQ(application.run("COMMIT; SELECT kind, count(*) FROM t GROUP BY 1"), "new|1000");
}

// --- the safety backup ---

TEST_F(WriteLiveTest, NobodyCommitsBetweenSafetyAndReplacement) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        DatabaseProcess application(path_);
        application.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 10));
        bool was_called = false;
        const auto report = write(*image_, {.safety = [&]() -> Result<void> {
            was_called = true;
            EXPECT_EQ(application.try_to("INSERT INTO t(kind) VALUES ('lost')").code, SQLITE_BUSY);
            const auto safety = freeze_bytes(path_, {.busy_timeout_ms = 100});
            EXPECT_THAT(safety, Succeeds());
            EXPECT_EQ(safety->facts.way, mode == "WAL" ? ReadAs::wal : ReadAs::rollback);
            const TemporaryFolder folder;
            tests::write_file(folder / "safety.db", safety->bytes);
            auto copy = must(sqlite::Connection::open(folder / "safety.db", {.mode = sqlite::OpenMode::read_write}));
            EXPECT_EQ(must(copy.text("SELECT kind || count(*) FROM t GROUP BY kind")), "old10");
            return {};
        }});
        ASSERT_THAT(report, Succeeds());
        EXPECT_TRUE(was_called);
        expect_content(database_);
        application.close();
        fs::remove(path_);
    }
}

TEST_F(WriteLiveTest, AFailedSafetyBackupLeavesEverythingAsItWas) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        for (const bool crashed : {false, true}) {
            DatabaseProcess application(path_);
            application.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 10));
            if (crashed) application.kill_now();
            else application.close();
            const auto before = tests::footprint(folder_.path(), {.times = false});
            const auto refused =
                write(*image_, {.safety = []() -> Result<void> { return fail(ErrorCode::full, "no room"); }});
            EXPECT_THAT(refused, FailsWith(ErrorCode::full));
            auto after = tests::footprint(folder_.path(), {.times = false});
            if (crashed && mode == "WAL") {
                EXPECT_EQ(after["app.db"], before.at("app.db"));
                EXPECT_EQ(after["app.db-wal"], before.at("app.db-wal"));
            } else {
                EXPECT_EQ(after, before);
            }
            for (const auto& entry : fs::directory_iterator(folder_.path())) fs::remove(entry);
        }
    }
}

TEST_F(WriteLiveTest, LocksOfOtherConnectionsOfThisProcessSurvive) {
    auto connection = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::create}));
    must(connection.execute("PRAGMA journal_mode=WAL;" + tests::rows_sql("old", 10)));
    must(connection.execute("BEGIN"));
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 10);
    const auto on_file = tests::locks_on(path_);
    EXPECT_THAT(on_file, Not(IsEmpty()));
    ASSERT_THAT(write(*image_), Succeeds());
    EXPECT_EQ(tests::locks_on(path_), on_file);
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 10);
}

// --- what cannot be done ---

TEST_F(WriteLiveTest, ReadersThatStayAreNamed) {
    DatabaseProcess application(path_);
    application.run(tests::rows_sql("old", 1000));
    application.run("BEGIN; SELECT * FROM t");
    bool was_called = false;
    const auto refused = write(*image_, {.place = {.wait_ms = 50}, .safety = [&]() -> Result<void> {
                                             was_called = true;
                                             return {};
                                         }});
    ASSERT_THAT(refused, FailsWith(ErrorCode::busy));
    EXPECT_THAT(refused.error().text(), HasSubstr(format("process {}", application.pid())));
    EXPECT_FALSE(was_called);
    EXPECT_EQ(application.run("COMMIT; SELECT count(*) FROM t"), "1000");
}

TEST_F(WriteLiveTest, AnotherPageSize) {
    DatabaseProcess application(path_);
    application.run("PRAGMA page_size=8192;" + tests::rows_sql("old", 10));
    EXPECT_THAT(write(*image_), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(application.run("SELECT count(*) FROM t"), "10");
}

class BrokenPage final : public sqlite::Image {
public:
    explicit BrokenPage(const sqlite::Image& image) : image_(image) {}
    sqlite::PageSize page_size() const override { return image_.page_size(); }
    sqlite::PageNumber last_page() const override { return image_.last_page(); }
    Result<void> read(sqlite::PageRange range, std::span<std::byte> into) const override {
        if (range.first.value + range.count - 1 == last_page().value) return fail(ErrorCode::corrupt, "chunk 17 is damaged");
        return image_.read(range, into);
    }

private:
    const sqlite::Image& image_;
};

TEST_F(WriteLiveTest, AnImageThatCannotBeReadToItsEnd) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        DatabaseProcess application(path_);
        application.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 10));
        const auto before = freeze_bytes(path_)->bytes;
        const auto failed = write(BrokenPage(*image_));
        ASSERT_THAT(failed, Not(Succeeds()));
        EXPECT_THAT(failed.error().text(), HasSubstr("chunk 17"));
        EXPECT_TRUE(freeze_bytes(path_)->bytes == before);
        EXPECT_EQ(application.run("INSERT INTO t(kind) VALUES ('old'); SELECT count(*) FROM t"), "11");
        application.close();
        fs::remove(path_);
    }
}

TEST_F(WriteLiveTest, StoppedInTheMiddle) {
    DatabaseProcess application(path_);
    application.run(tests::rows_sql("old", 10));
    const auto before = freeze_bytes(path_)->bytes;
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THAT(write_live(host::real_host(), *image_, {.path = path_}, {.stop = stop.get_token()}),
                FailsWith(ErrorCode::cancelled));
    EXPECT_TRUE(freeze_bytes(path_)->bytes == before);
}

TEST_F(WriteLiveTest, StoppedInItsProofItHasWrittenAndLeavesNothing) {
    for (const bool crashed : {false, true}) {
        DatabaseProcess application(path_);
        application.run("PRAGMA journal_mode=WAL;" + tests::rows_sql("old", 10));
        if (crashed) application.kill_now();
        else application.close();
        std::stop_source stop;
        bool was_committed = false;
        const LiveRequest request{.path = path_, .place = {}, .committed = [&] {
                                      was_committed = true;
                                      stop.request_stop();
                                  }};
        EXPECT_THAT(write_live(host::real_host(), *image_, request, {.stop = stop.get_token()}), FailsWith(ErrorCode::cancelled));
        EXPECT_TRUE(was_committed);
        EXPECT_EQ(tests::footprint(folder_.path()).size(), 1u);
        expect_content(database_);
        fs::remove(path_);
    }
}

// --- others write at once ---

struct AtTheProof final : Progress {
    void at(const ProgressStep& step) override {
        if (step.phase == "proving" && step.done == 0) act();
    }
    std::function<void()> act;
};

// The replacement is proven although the application commits again as soon as it can, as often as it can.
TEST_F(WriteLiveTest, UnderABusyWriter) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        DatabaseProcess maker(path_);
        maker.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 10));
        DatabaseProcess application(path_);
        AtTheProof committing;
        committing.act = [&] { application.run("INSERT INTO t(kind) VALUES ('newer')"); };
        const auto report = write_live(host::real_host(), *image_, {.path = path_}, {.progress = &committing, .stop = {}});
        ASSERT_THAT(report, Succeeds());
        EXPECT_EQ(report->proof, mode == "WAL" ? Proof::transaction : Proof::none);
        EXPECT_EQ(application.run("SELECT kind, count(*) FROM t GROUP BY 1"), "new|1000\nnewer|1");
        maker.close();
        application.close();
        fs::remove(path_);
    }
}

// A WAL that starts again holds another's commit where ours would be: it must not be taken for ours. How often it has
// started again before must not matter, nor whether it is empty.
TEST_F(WriteLiveTest, UnderAWriterWhoCheckpointsBeforeEachCommit) {
    for (const std::string before : {"", "PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint(RESTART)"}) {
        for (const int lives : {0, 1, 3}) {
            for (const int commits : {1, 2}) {
                SCOPED_TRACE(format("'{}', {} lives before, {} commits after", before, lives, commits));
                DatabaseProcess application(path_);
                application.run("PRAGMA journal_mode=WAL;" + tests::rows_sql("old", 10));
                for (int i = 0; i < lives; ++i) application.run("PRAGMA wal_checkpoint; INSERT INTO t(kind) VALUES ('old')");
                application.run(before);
                AtTheProof committing;
                committing.act = [&] {
                    for (int i = 0; i < commits; ++i) application.run("PRAGMA wal_checkpoint; INSERT INTO t(kind) VALUES ('newer')");
                };
                const auto report = write_live(host::real_host(), *image_, {.path = path_}, {.progress = &committing, .stop = {}});
                ASSERT_THAT(report, Succeeds());
                EXPECT_EQ(report->proof, Proof::transaction);
                EXPECT_EQ(application.run("SELECT count(*) FROM t"), format("{}", 1000 + commits));
                EXPECT_EQ(application.run("PRAGMA wal_checkpoint(TRUNCATE)"), "0|0|0");  // nobody holds it any more
                application.close();
                EXPECT_EQ(tests::footprint(folder_.path()).size(), 1u);
                fs::remove(path_);
            }
        }
    }
}

TEST_F(WriteLiveTest, UnderAWriterWhoChangesTheJournalMode) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        DatabaseProcess application(path_);
        application.run("PRAGMA journal_mode=" + mode + ";" + tests::rows_sql("old", 10));
        AtTheProof changing;
        changing.act = [&] {
            application.try_to(mode == "WAL" ? "PRAGMA journal_mode=DELETE" : "PRAGMA journal_mode=WAL");
            application.run("INSERT INTO t(kind) VALUES ('newer')");
        };
        const auto report = write_live(host::real_host(), *image_, {.path = path_}, {.progress = &changing, .stop = {}});
        ASSERT_THAT(report, Succeeds());
        EXPECT_EQ(report->proof, mode == "WAL" ? Proof::transaction : Proof::none);
        EXPECT_EQ(application.run("SELECT kind, count(*) FROM t GROUP BY 1"), "new|1000\nnewer|1");
        application.close();
        fs::remove(path_);
    }
}

}  // namespace
}  // namespace holdfast::live

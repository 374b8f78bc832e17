// Every state that a database can be found in: how it is read, and that nothing beside it or in it has changed.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "holdfast/live/freeze.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/frozen_database.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {

using namespace tests;
namespace {

namespace fs = std::filesystem;
using tests::DatabaseProcess;
using tests::footprint;
using tests::freeze_bytes;
using tests::what_sqlite_reads;

constexpr const char* some_rows =
    "INSERT INTO t(b) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<200) "
    "SELECT randomblob(300) FROM n;";

class FreezeStatesTest : public ::testing::Test {
protected:
    void SetUp() override { fs::permissions(folder_.path(), fs::perms(0755)); }

    // A database at rest, all connections closed.
    void make_database(const std::string& pragmas = "") {
        DatabaseProcess maker(path_);
        maker.run(pragmas + ";CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB);" + some_rows);
        maker.close();
    }
    void run_and_close(const std::string& sql) {
        DatabaseProcess process(path_);
        process.run(sql);
        process.close();
    }
    // One that a process left behind that was killed in the middle of a transaction which had begun to change the file.
    void leave_hot_journal(const std::string& pragmas = "") {
        DatabaseProcess victim(path_);
        victim.run(pragmas + ";PRAGMA cache_size=2; PRAGMA synchronous=NORMAL; BEGIN; UPDATE t SET b=randomblob(700)");
        victim.kill_now();
    }
    // Names, inodes, sizes, modes, owners and contents. Not times: a look by root gives the -shm to the database's owner,
    // who has it already. Where somebody is connected a reader leaves its mark in the -shm.
    std::map<std::string, std::string> traces(ReadAs way) const {
        auto files = footprint(folder_.path(), {.times = false});
        const auto index = files.find("app.db-shm");
        if (way == ReadAs::wal && index != files.end()) index->second.resize(index->second.rfind(' '));
        return files;
    }
    // Freezes, and expects that SQLite reads the same of a copy, and that folder and files are as before.
    FreezeFacts expect_frozen_without_a_trace(ReadAs way) {
        const auto expected = what_sqlite_reads(path_);
        const auto before = traces(way);
        const auto frozen = freeze_bytes(path_);
        EXPECT_THAT(frozen, Succeeds());
        if (!frozen) return {};
        EXPECT_EQ(name_of(frozen->facts.way), name_of(way));
        EXPECT_TRUE(frozen->bytes == expected) << frozen->bytes.size() << " bytes, not " << expected.size();
        EXPECT_EQ(traces(way), before);
        return frozen->facts;
    }
    // Freezes in a process of another user, who may write nowhere; true if the way was this one.
    bool nobody_freezes(ReadAs way) const {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
            const auto frozen = freeze_bytes(path_);
            ::_exit(frozen && frozen->facts.way == way ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "app.db";
};

// --- what is not a database ---

TEST_F(FreezeStatesTest, NothingThere) {
    EXPECT_THAT(freeze_bytes(path_), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(freeze_bytes(folder_ / "no/where.db"), FailsWith(ErrorCode::not_found));
    EXPECT_TRUE(fs::is_empty(folder_.path()));
}

TEST_F(FreezeStatesTest, NotADatabase) {
    EXPECT_THAT(freeze_bytes(folder_.path()), FailsWith(ErrorCode::invalid));
    tests::write_file(path_, bytes_of("dear diary, this is a text of more than a hundred bytes, so that nobody can say "
                                      "that there was not enough of it to read a header"));
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(frozen.error().text(), ::testing::AllOf(::testing::HasSubstr("a text file"), ::testing::HasSubstr(path_)));
    EXPECT_EQ(footprint(folder_.path()).size(), 1u);
}

TEST_F(FreezeStatesTest, NoBytes) {
    tests::write_file(path_, {});
    const auto facts = expect_frozen_without_a_trace(ReadAs::empty);
    EXPECT_FALSE(facts.header);
}

TEST_F(FreezeStatesTest, NoBytesYetButAWriterIsAtIt) {
    DatabaseProcess writer(path_);
    writer.run("PRAGMA journal_mode=DELETE; BEGIN; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::empty);
    EXPECT_EQ(writer.run("COMMIT; SELECT count(*) FROM t"), "1");
}

// SQLite would take such a file for an empty database and remove the WAL.
TEST_F(FreezeStatesTest, EmptiedBesideAWholeWal) {
    {
        DatabaseProcess victim(path_);
        victim.run("PRAGMA journal_mode=WAL; CREATE TABLE t(id INTEGER PRIMARY KEY, b); INSERT INTO t(b) VALUES (1)");
        victim.kill_now();
    }
    const auto expected = what_sqlite_reads(path_);
    fs::resize_file(path_, 0);
    const auto before = footprint(folder_.path(), {.times = false});
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::wal_leftover);
    EXPECT_TRUE(frozen->bytes == expected);
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
}

TEST_F(FreezeStatesTest, EmptiedBesideAPartOfAWal) {
    make_database("PRAGMA journal_mode=WAL");
    {
        DatabaseProcess victim(path_);
        victim.run("INSERT INTO t(b) VALUES (1)");
        victim.kill_now();
    }
    fs::resize_file(path_, 0);
    const auto before = footprint(folder_.path(), {.times = false});
    EXPECT_THAT(freeze_bytes(path_), FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
}

// --- rollback journals ---

TEST_F(FreezeStatesTest, AtRestInEveryJournalModeAndPageSize) {
    for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"}) {
        for (const int page_size : {512, 1024, 4096, 32768, 65536}) {
            SCOPED_TRACE(mode + " " + std::to_string(page_size));
            make_database(format("PRAGMA page_size={}; PRAGMA journal_mode={}", page_size, mode));
            const auto facts = expect_frozen_without_a_trace(ReadAs::rollback);
            EXPECT_EQ(facts.header->page_size.bytes(), static_cast<std::uint32_t>(page_size));
            for (const auto& file : fs::directory_iterator(folder_.path())) fs::remove(file);
        }
    }
}

TEST_F(FreezeStatesTest, AnIdleConnectionKeepsNobodyOut) {
    make_database();
    DatabaseProcess idle(path_);
    idle.run("SELECT count(*) FROM t");
    expect_frozen_without_a_trace(ReadAs::rollback);
    EXPECT_EQ(idle.run("INSERT INTO t(b) VALUES (1); SELECT count(*) FROM t"), "201");
}

TEST_F(FreezeStatesTest, AWriterBeforeItsCommitIsNotSeen) {
    for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST", "MEMORY", "OFF"}) {
        make_database("PRAGMA journal_mode=" + mode);
        const auto expected = what_sqlite_reads(path_);
        DatabaseProcess writer(path_);
        writer.run("PRAGMA journal_mode=" + mode + "; BEGIN; UPDATE t SET b=1 WHERE id<10");
        const auto frozen = freeze_bytes(path_);
        ASSERT_THAT(frozen, Succeeds());
        EXPECT_EQ(frozen->facts.way, ReadAs::rollback);
        EXPECT_TRUE(frozen->bytes == expected) << mode;
        writer.run("COMMIT");
        fs::remove(path_);
    }
}

TEST_F(FreezeStatesTest, WritersWaitForFinishAndNoLonger) {
    make_database();
    DatabaseProcess writer(path_);
    auto frozen = must(freeze(host::real_host(), path_, {}));
    EXPECT_EQ(writer.try_to("INSERT INTO t(b) VALUES (1)").code, SQLITE_BUSY);
    const auto report = frozen->finish();
    ASSERT_THAT(report, Succeeds());
    EXPECT_GT(report->writers_blocked_ms, 0);
    EXPECT_EQ(writer.try_to("INSERT INTO t(b) VALUES (1)").code, SQLITE_OK);
}

TEST_F(FreezeStatesTest, TheFirstLookComesBeforeTheLock) {
    make_database();
    DatabaseProcess writer(path_);
    int looks = 0;
    std::uint64_t looked_at = 0;
    auto frozen = must(freeze(host::real_host(), path_, {}, [&](const sqlite::Image& torn) -> Result<void> {
        ++looks;
        looked_at = torn.size();
        writer.run("INSERT INTO t(b) VALUES (zeroblob(100000))");
        return {};
    }));
    EXPECT_EQ(looks, 1);
    EXPECT_GT(frozen->image().size(), looked_at);
    EXPECT_THAT(frozen->finish(), Succeeds());
    const auto refused = freeze(host::real_host(), path_, {}, [](const sqlite::Image&) -> Result<void> {
        return fail(ErrorCode::cancelled, "no");
    });
    EXPECT_THAT(refused, FailsWith(ErrorCode::cancelled));
}

TEST_F(FreezeStatesTest, AnotherPageSizeThanTheFirstLookSaw) {
    make_database();
    DatabaseProcess writer(path_);
    std::vector<std::uint32_t> seen;
    auto frozen = must(freeze(host::real_host(), path_, {}, [&](const sqlite::Image& torn) -> Result<void> {
        seen.push_back(torn.page_size().bytes());
        writer.run("PRAGMA page_size=8192; VACUUM");
        return {};
    }));
    EXPECT_EQ(seen, (std::vector<std::uint32_t>{4096, 8192}));
    EXPECT_EQ(frozen->image().page_size().bytes(), 8192u);
}

TEST_F(FreezeStatesTest, AFirstLookAtAShrinkingFileReadsZeros) {
    make_database();
    DatabaseProcess writer(path_);
    auto frozen = must(freeze(host::real_host(), path_, {}, [&](const sqlite::Image& torn) -> Result<void> {
        writer.run("DELETE FROM t; VACUUM");
        Bytes page(4096, std::byte{1});
        EXPECT_THAT(torn.read({torn.last_page(), 1}, page), Succeeds());
        EXPECT_TRUE(is_all_zero(page));
        return {};
    }));
    EXPECT_THAT(frozen->finish(), Succeeds());
}

TEST_F(FreezeStatesTest, HotJournal) {
    for (const std::string mode : {"DELETE", "TRUNCATE", "PERSIST"}) {
        make_database("PRAGMA journal_mode=" + mode);
        const auto before_crash = what_sqlite_reads(path_);
        leave_hot_journal("PRAGMA journal_mode=" + mode);
        EXPECT_TRUE(tests::file_bytes(path_) != before_crash) << "the crash came too early to show anything";
        expect_frozen_without_a_trace(ReadAs::hot_journal);
        EXPECT_TRUE(freeze_bytes(path_)->bytes == before_crash) << mode;
        for (const auto& file : fs::directory_iterator(folder_.path())) fs::remove(file);
    }
}

TEST_F(FreezeStatesTest, HotJournalOfADatabaseThatWasEmpty) {
    DatabaseProcess victim(path_);
    victim.run(std::string("PRAGMA cache_size=2; BEGIN; CREATE TABLE t(id INTEGER PRIMARY KEY, b);") + some_rows);
    victim.kill_now();
    ASSERT_GT(fs::file_size(path_), 0u);
    const auto before = footprint(folder_.path(), {.times = false});
    const auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::hot_journal);
    EXPECT_TRUE(frozen->bytes.empty());
    EXPECT_FALSE(frozen->facts.header);
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
}

TEST_F(FreezeStatesTest, AJournalWithAZeroedHeaderIsNotHot) {
    make_database("PRAGMA journal_mode=PERSIST");
    ASSERT_TRUE(fs::exists(path_ + "-journal"));
    ASSERT_GT(fs::file_size(path_ + "-journal"), 1000u);
    expect_frozen_without_a_trace(ReadAs::rollback);
}

// The journal names a super-journal; only while that is there was the transaction over both databases not committed.
TEST_F(FreezeStatesTest, SuperJournalDecides) {
    make_database();
    const auto before_crash = what_sqlite_reads(path_);
    leave_hot_journal();
    const std::string super = path_ + "-mj0123ABCD9";
    auto journal = tests::file_bytes(path_ + "-journal");
    const auto after_crash = tests::file_bytes(path_);
    // Lock page, name, its length, its sum, magic: appended where SQLite puts it, at the end (sector size 512).
    journal.resize((journal.size() + 511) / 512 * 512);
    const auto put_number = [&](std::uint32_t number) {
        for (int shift = 24; shift >= 0; shift -= 8) journal.push_back(static_cast<std::byte>(number >> shift));
    };
    std::uint32_t sum = 0;
    put_number(0x40000000 / 4096 + 1);
    for (const char c : super) {
        journal.push_back(static_cast<std::byte>(c));
        sum += static_cast<std::uint32_t>(static_cast<signed char>(c));
    }
    put_number(static_cast<std::uint32_t>(super.size()));
    put_number(sum);
    append(journal, must(from_hex("d9d505f920a163d7")));
    tests::write_file(path_ + "-journal", journal);

    tests::write_file(super, bytes_of(path_ + "-journal" + '\0'));
    auto frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::hot_journal);
    EXPECT_TRUE(frozen->bytes == before_crash);

    fs::remove(super);
    frozen = freeze_bytes(path_);
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::rollback);
    EXPECT_TRUE(frozen->bytes == after_crash);
}

TEST_F(FreezeStatesTest, HotJournalUnderALeftoverWal) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess victim(path_);
    victim.run("UPDATE t SET b=randomblob(10) WHERE id<20");
    victim.kill_now();
    const auto wal = tests::file_bytes(path_ + "-wal");
    fs::remove(path_ + "-wal");
    fs::remove(path_ + "-shm");
    run_and_close("PRAGMA journal_mode=DELETE");
    leave_hot_journal();
    tests::write_file(path_ + "-wal", wal);
    expect_frozen_without_a_trace(ReadAs::hot_journal);
}

// --- write-ahead logs ---

TEST_F(FreezeStatesTest, WalAtRest) {
    for (const int page_size : {512, 4096, 65536}) {
        make_database(format("PRAGMA page_size={}; PRAGMA journal_mode=WAL", page_size));
        ASSERT_EQ(footprint(folder_.path()).size(), 1u);
        expect_frozen_without_a_trace(ReadAs::wal_quiet);
        fs::remove(path_);
    }
}

TEST_F(FreezeStatesTest, WalLeftByACrash) {
    for (const int page_size : {512, 4096, 65536}) {
        make_database(format("PRAGMA page_size={}; PRAGMA journal_mode=WAL", page_size));
        DatabaseProcess victim(path_);
        victim.run("UPDATE t SET b=randomblob(10) WHERE id<20; BEGIN; DELETE FROM t");
        victim.kill_now();
        const auto facts = expect_frozen_without_a_trace(ReadAs::wal_leftover);
        EXPECT_GT(facts.wal_frame.value, 0u);
        ASSERT_TRUE(facts.wal);
        for (const auto& file : fs::directory_iterator(folder_.path())) fs::remove(file);
    }
}

TEST_F(FreezeStatesTest, WalWithoutItsIndex) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess victim(path_);
    victim.run("UPDATE t SET b=randomblob(10) WHERE id<20");
    victim.kill_now();
    fs::remove(path_ + "-shm");
    expect_frozen_without_a_trace(ReadAs::wal_leftover);
}

TEST_F(FreezeStatesTest, EmptyWalBesideARollbackDatabase) {
    make_database();
    tests::write_file(path_ + "-wal", {});
    expect_frozen_without_a_trace(ReadAs::wal_quiet);
}

TEST_F(FreezeStatesTest, WalOfAnotherPageSize) {
    make_database("PRAGMA page_size=1024; PRAGMA journal_mode=WAL");
    DatabaseProcess victim(path_);
    victim.run("UPDATE t SET b=randomblob(10) WHERE id<20");
    victim.kill_now();
    fs::remove(path_);
    fs::rename(path_ + "-wal", folder_ / "kept");
    fs::remove(path_ + "-shm");
    make_database();
    fs::rename(folder_ / "kept", path_ + "-wal");
    EXPECT_THAT(freeze_bytes(path_), FailsWith(ErrorCode::corrupt));
}

TEST_F(FreezeStatesTest, SomebodyIsConnected) {
    for (const int page_size : {512, 4096, 65536}) {
        make_database(format("PRAGMA page_size={}; PRAGMA journal_mode=WAL", page_size));
        DatabaseProcess other(path_);
        other.run("SELECT count(*) FROM t");
        expect_frozen_without_a_trace(ReadAs::wal);
        other.run("UPDATE t SET b=randomblob(10) WHERE id<20");
        const auto facts = expect_frozen_without_a_trace(ReadAs::wal);
        EXPECT_GT(facts.wal_frame.value, 0u);
        other.run("PRAGMA wal_checkpoint(PASSIVE)");
        expect_frozen_without_a_trace(ReadAs::wal);
        other.run("PRAGMA wal_checkpoint(TRUNCATE)");
        expect_frozen_without_a_trace(ReadAs::wal);
        other.run("BEGIN; DELETE FROM t");
        expect_frozen_without_a_trace(ReadAs::wal);
        other.run("COMMIT; VACUUM");
        expect_frozen_without_a_trace(ReadAs::wal);
        EXPECT_EQ(other.run("SELECT count(*) FROM t"), "0");
        other.close();
        EXPECT_EQ(footprint(folder_.path()).size(), 1u);
        fs::remove(path_);
    }
}

TEST_F(FreezeStatesTest, AWalLargerThanTheDatabase) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess other(path_);
    other.run("PRAGMA wal_autocheckpoint=0");
    for (int i = 0; i < 20; ++i) other.run("UPDATE t SET b=randomblob(300)");
    ASSERT_GT(fs::file_size(path_ + "-wal"), 10 * fs::file_size(path_));
    expect_frozen_without_a_trace(ReadAs::wal);
    other.kill_now();
    expect_frozen_without_a_trace(ReadAs::wal_leftover);
}

// A commit frame that is in the file, but not in the index: the writer was killed in between. It is not committed for
// those who are connected, and is for those who find nobody.
TEST_F(FreezeStatesTest, ACommitThatTheIndexDoesNotKnow) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess other(path_);
    other.run("INSERT INTO t(b) VALUES (1)");
    const auto short_wal = tests::file_bytes(path_ + "-wal");
    const auto committed = freeze_bytes(path_)->bytes;
    // The same WAL grown by one commit, as another connection would have written it, behind the index's back.
    {
        const TemporaryFolder elsewhere;
        const std::string copy = elsewhere / "app.db";
        fs::copy_file(path_, copy);
        fs::copy_file(path_ + "-wal", copy + "-wal");
        DatabaseProcess writer(copy);
        writer.run("INSERT INTO t(b) VALUES (2)");
        const auto long_wal = tests::file_bytes(copy + "-wal");
        ASSERT_GT(long_wal.size(), short_wal.size());
        std::fstream wal(path_ + "-wal", std::ios::in | std::ios::out | std::ios::binary);
        wal << text_of(long_wal);
    }
    EXPECT_TRUE(freeze_bytes(path_)->bytes == committed);
    other.kill_now();
    expect_frozen_without_a_trace(ReadAs::wal_leftover);
    EXPECT_FALSE(freeze_bytes(path_)->bytes == committed);
}

// What SQLite cannot prove it reads all the same; we do as it does, through it.
TEST_F(FreezeStatesTest, ARottenFrameIsCopiedThroughSqlite) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess other(path_);
    other.run("UPDATE t SET b=randomblob(10) WHERE id<20");
    {
        std::fstream wal(path_ + "-wal", std::ios::in | std::ios::out | std::ios::binary);
        wal.seekp(32 + 24 + 4000) << "rot";
    }
    ::setenv("XDG_CACHE_HOME", folder_.path().c_str(), 1);
    const auto frozen = freeze_bytes(path_);
    ::unsetenv("XDG_CACHE_HOME");
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::backup_api);
    EXPECT_NE(text_of(frozen->bytes).find("rot"), std::string_view::npos);
    EXPECT_TRUE(fs::is_empty(folder_ / "holdfast/frozen"));
}

// Everything is in the database file already: the WAL starts again under the frozen database, which does not need it.
TEST_F(FreezeStatesTest, TheWalStartsAgainMeanwhile) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess other(path_);
    other.run("PRAGMA wal_autocheckpoint=0; UPDATE t SET b=1 WHERE id<20; PRAGMA wal_checkpoint(PASSIVE)");
    const auto expected = what_sqlite_reads(path_);
    auto frozen = must(freeze(host::real_host(), path_, {}));
    const auto wal_start = tests::file_bytes(path_ + "-wal");
    EXPECT_EQ(other.run("DELETE FROM t; VACUUM; PRAGMA wal_checkpoint(PASSIVE)").substr(0, 2), "0|");
    EXPECT_FALSE(std::ranges::equal(ByteView(wal_start).first(32), ByteView(tests::file_bytes(path_ + "-wal")).first(32)));
    EXPECT_TRUE(tests::image_bytes(frozen->image()) == expected);
    EXPECT_THAT(frozen->finish(), Succeeds());
}

// Frames that are in no file but the WAL: checkpoints come up to the pin and no further, and the WAL only grows.
TEST_F(FreezeStatesTest, TheWalGrowsAndIsCheckpointedMeanwhile) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess other(path_);
    other.run("PRAGMA wal_autocheckpoint=0; UPDATE t SET b=1 WHERE id<20");
    const auto expected = what_sqlite_reads(path_);
    auto frozen = must(freeze(host::real_host(), path_, {}));
    const auto main_before = fs::last_write_time(path_);
    for (const char* mode : {"PASSIVE", "FULL", "RESTART", "TRUNCATE"}) {
        other.run(format("UPDATE t SET b=3 WHERE id>180; PRAGMA wal_checkpoint({}); DELETE FROM t WHERE id>190", mode));
    }
    other.run("VACUUM; PRAGMA wal_checkpoint(PASSIVE)");
    EXPECT_NE(fs::last_write_time(path_), main_before) << "no checkpoint came through";
    EXPECT_TRUE(tests::image_bytes(frozen->image()) == expected);
    EXPECT_THAT(frozen->finish(), Succeeds());
}

// Somebody in this process opens and closes the files, which drops the pin's locks.
TEST_F(FreezeStatesTest, LosingThePinIsNoticed) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess other(path_);
    other.run("UPDATE t SET b=1 WHERE id<20");
    auto frozen = must(freeze(host::real_host(), path_, {}));
    tests::file_bytes(path_ + "-shm");
    other.run("PRAGMA wal_checkpoint(RESTART); UPDATE t SET b=2 WHERE id<20");
    EXPECT_THAT(frozen->finish(), FailsWith(ErrorCode::busy));
    frozen.reset();
    other.run("PRAGMA wal_checkpoint(PASSIVE)");
    frozen = must(freeze(host::real_host(), path_, {}));
    tests::file_bytes(path_ + "-shm");
    other.run("UPDATE t SET b=3 WHERE id<20; PRAGMA wal_checkpoint(PASSIVE)");
    EXPECT_THAT(frozen->finish(), FailsWith(ErrorCode::busy));
}

TEST_F(FreezeStatesTest, TheOthersLeaveMeanwhile) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess other(path_);
    other.run("INSERT INTO t(b) VALUES (1)");
    const auto expected = what_sqlite_reads(path_);
    auto frozen = must(freeze(host::real_host(), path_, {}));
    other.close();
    EXPECT_TRUE(tests::image_bytes(frozen->image()) == expected);
    const auto report = frozen->finish();
    ASSERT_THAT(report, Succeeds());
    EXPECT_TRUE(report->others_left);
    frozen.reset();
    // As beside any reader that outlives the application: nothing is lost, and the next one to open it tidies up.
    EXPECT_TRUE(fs::exists(path_ + "-wal"));
    EXPECT_TRUE(freeze_bytes(path_)->bytes == expected);
    other.open(path_);
    EXPECT_EQ(other.run("SELECT count(*) FROM t"), "201");
    other.close();
    EXPECT_EQ(footprint(folder_.path()).size(), 1u);
}

TEST_F(FreezeStatesTest, SomebodyConnectsMeanwhile) {
    for (const bool crashed : {false, true}) {
        make_database("PRAGMA journal_mode=WAL");
        if (crashed) {
            DatabaseProcess victim(path_);
            victim.run("INSERT INTO t(b) VALUES (1)");
            victim.kill_now();
        }
        for (const std::string sql : {"SELECT count(*) FROM t", "INSERT INTO t(b) VALUES (1)",
                                      "INSERT INTO t(b) VALUES (1); PRAGMA wal_checkpoint(TRUNCATE)"}) {
            SCOPED_TRACE(sql + (crashed ? " after a crash" : ""));
            auto frozen = must(freeze(host::real_host(), path_, {}));
            EXPECT_EQ(frozen->facts().way, crashed ? ReadAs::wal_leftover : ReadAs::wal_quiet);
            run_and_close(sql);
            EXPECT_THAT(frozen->finish(), FailsWith(ErrorCode::busy));
            frozen.reset();
            if (!crashed) run_and_close("SELECT count(*) FROM t");  // takes -wal and -shm away
            if (crashed) {
                DatabaseProcess victim(path_);
                victim.run("INSERT INTO t(b) VALUES (1)");
                victim.kill_now();
            }
        }
        for (const auto& file : fs::directory_iterator(folder_.path())) fs::remove(file);
    }
}

TEST_F(FreezeStatesTest, TheWalWasRemovedUnderTheApplication) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess other(path_);
    other.run("INSERT INTO t(b) VALUES (1)");
    fs::remove(path_ + "-wal");
    EXPECT_THAT(freeze_bytes(path_), FailsWith(ErrorCode::corrupt));
    EXPECT_FALSE(fs::exists(path_ + "-wal"));
}

// --- who may not write, and who may not even read ---

TEST_F(FreezeStatesTest, NobodyReadsWhatHeMayOnlyRead) {
    make_database("PRAGMA journal_mode=WAL");
    auto before = footprint(folder_.path());
    EXPECT_TRUE(nobody_freezes(ReadAs::wal_quiet));
    EXPECT_EQ(footprint(folder_.path()), before);
    DatabaseProcess other(path_);
    other.run("UPDATE t SET b=randomblob(10) WHERE id<20");
    for (const auto* ending : {"", "-wal", "-shm"}) fs::permissions(path_ + ending, fs::perms(0644));
    before = footprint(folder_.path());
    EXPECT_TRUE(nobody_freezes(ReadAs::wal));
    EXPECT_EQ(footprint(folder_.path()), before);
    other.kill_now();
    EXPECT_TRUE(nobody_freezes(ReadAs::wal_leftover));
    EXPECT_EQ(footprint(folder_.path()), before);
    fs::remove(path_ + "-shm");
    before = footprint(folder_.path());
    EXPECT_TRUE(nobody_freezes(ReadAs::wal_leftover));
    EXPECT_FALSE(nobody_freezes(ReadAs::wal));
    EXPECT_EQ(footprint(folder_.path()), before);
}

TEST_F(FreezeStatesTest, NobodyReadsAHotJournal) {
    make_database();
    leave_hot_journal();
    for (const auto* ending : {"", "-journal"}) fs::permissions(path_ + ending, fs::perms(0644));
    const auto before = footprint(folder_.path());
    EXPECT_TRUE(nobody_freezes(ReadAs::hot_journal));
    // One that cannot be read may hold the true content: no guess is made.
    fs::permissions(path_ + "-journal", fs::perms(0600));
    EXPECT_FALSE(nobody_freezes(ReadAs::hot_journal));
    EXPECT_FALSE(nobody_freezes(ReadAs::rollback));
}

TEST_F(FreezeStatesTest, TheDatabaseOfAnotherUser) {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
    make_database("PRAGMA journal_mode=WAL");
    ASSERT_EQ(::chown(path_.c_str(), 65534, ::getegid()), 0);
    ASSERT_EQ(::chown(folder_.path().c_str(), 65534, ::getegid()), 0);
    const auto before = footprint(folder_.path());
    EXPECT_EQ(freeze_bytes(path_)->facts.way, ReadAs::wal_quiet);
    EXPECT_EQ(footprint(folder_.path()), before);
    DatabaseProcess other;
    other.become_nobody();
    other.open(path_);
    other.run("INSERT INTO t(b) VALUES (1)");
    expect_frozen_without_a_trace(ReadAs::wal);
    other.run("INSERT INTO t(b) VALUES (2)");
    other.close();
    EXPECT_EQ(footprint(folder_.path()).size(), 1u);
}

// --- locks ---

TEST_F(FreezeStatesTest, LockedForTooLong) {
    make_database();
    DatabaseProcess other(path_);
    other.run("BEGIN EXCLUSIVE");
    const auto frozen = freeze_bytes(path_, {.busy_timeout_ms = 50});
    ASSERT_THAT(frozen, FailsWith(ErrorCode::busy));
    EXPECT_THAT(frozen.error().text(), ::testing::HasSubstr(format("process {}", other.pid())));
    other.run("COMMIT");
    EXPECT_THAT(freeze_bytes(path_, {.busy_timeout_ms = 50}), Succeeds());
}

TEST_F(FreezeStatesTest, ExclusiveMode) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        make_database("PRAGMA journal_mode=" + mode);
        DatabaseProcess other(path_);
        other.run("PRAGMA locking_mode=EXCLUSIVE; INSERT INTO t(b) VALUES (1)");
        const auto frozen = freeze_bytes(path_, {.busy_timeout_ms = 20});
        ASSERT_THAT(frozen, FailsWith(ErrorCode::busy)) << mode;
        EXPECT_THAT(frozen.error().text(), ::testing::HasSubstr("exclusive"));
        other.close();
        for (const auto& file : fs::directory_iterator(folder_.path())) fs::remove(file);
    }
}

TEST_F(FreezeStatesTest, OtherConnectionsOfThisProcessKeepTheirLocks) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        auto connection = must(sqlite::Connection::open(path_, {.mode = sqlite::OpenMode::create}));
        must(connection.execute("PRAGMA journal_mode=" + mode + "; CREATE TABLE IF NOT EXISTS t(x)"));
        must(connection.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)"));
        const auto on_file = tests::locks_on(path_), on_index = tests::locks_on(path_ + "-shm");
        EXPECT_FALSE(on_file.empty());
        EXPECT_THAT(freeze_bytes(path_), Succeeds());
        EXPECT_EQ(tests::locks_on(path_), on_file) << mode;
        EXPECT_EQ(tests::locks_on(path_ + "-shm"), on_index) << mode;
        must(connection.execute("COMMIT"));
    }
}

TEST_F(FreezeStatesTest, NothingStaysLocked) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        make_database("PRAGMA journal_mode=" + mode);
        DatabaseProcess other(path_);
        other.run("SELECT count(*) FROM t");
        for (const bool finishes : {true, false}) {
            auto frozen = must(freeze(host::real_host(), path_, {}));
            EXPECT_FALSE(tests::locks_on(path_).empty());
            if (finishes) {
                EXPECT_THAT(frozen->finish(), Succeeds());
            }
            frozen.reset();
            EXPECT_TRUE(tests::locks_on(path_).empty());
            EXPECT_TRUE(tests::locks_on(path_ + "-shm").empty());
        }
        other.close();
        fs::remove(path_);
    }
}

// --- the file is not the one it was ---

TEST_F(FreezeStatesTest, ReplacedMeanwhile) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        make_database("PRAGMA journal_mode=" + mode);
        auto frozen = must(freeze(host::real_host(), path_, {}));
        fs::copy_file(path_, folder_ / "new");
        fs::rename(folder_ / "new", path_);
        EXPECT_THAT(frozen->finish(), FailsWith(ErrorCode::busy));
        frozen = must(freeze(host::real_host(), path_, {}));
        fs::remove(path_);
        EXPECT_THAT(frozen->finish(), FailsWith(ErrorCode::not_found));
    }
}

TEST_F(FreezeStatesTest, ChangedPastTheLocks) {
    make_database();
    auto frozen = must(freeze(host::real_host(), path_, {}));
    ::usleep(20'000);
    std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary).seekp(5000) << "rude";
    EXPECT_THAT(frozen->finish(), FailsWith(ErrorCode::busy));
}

TEST_F(FreezeStatesTest, ReachedThroughALink) {
    make_database("PRAGMA journal_mode=WAL");
    DatabaseProcess victim(path_);
    victim.run("INSERT INTO t(b) VALUES (1)");
    victim.kill_now();
    fs::create_directory(folder_ / "links");
    fs::create_symlink(path_, folder_ / "links/to.db");
    const auto frozen = freeze_bytes(folder_ / "links/to.db");
    ASSERT_THAT(frozen, Succeeds());
    EXPECT_EQ(frozen->facts.way, ReadAs::wal_leftover);
}

// --- sizes ---

TEST_F(FreezeStatesTest, MoreOrFewerBytesThanPages) {
    make_database();
    const auto whole = tests::file_bytes(path_);
    auto odd = whole;
    append(odd, bytes_of("a few bytes more"));
    tests::write_file(path_, odd);
    EXPECT_TRUE(freeze_bytes(path_)->bytes == whole);
    // Room that an application has set aside (SQLITE_FCNTL_CHUNK_SIZE) is part of the file, and so of the image.
    odd = whole;
    odd.resize(whole.size() + 3 * 4096);
    tests::write_file(path_, odd);
    EXPECT_TRUE(freeze_bytes(path_)->bytes == odd);
    EXPECT_EQ(tests::integrity_of(odd), "ok");
    // SQLite counts a last page of which a part is there.
    odd = whole;
    odd.resize(whole.size() - 100);
    tests::write_file(path_, odd);
    odd.resize(whole.size());
    EXPECT_TRUE(freeze_bytes(path_)->bytes == odd);
    // Cut short: damaged, and evidence all the same.
    odd.resize(whole.size() - 4 * 4096);
    tests::write_file(path_, odd);
    EXPECT_TRUE(freeze_bytes(path_)->bytes == odd);
}

TEST_F(FreezeStatesTest, MoreThanFourGibibytes) {
    make_database();
    const std::uint64_t size = 5ull << 30;
    const auto start = tests::file_bytes(path_);
    fs::resize_file(path_, size);
    std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary).seekp(static_cast<std::streamoff>(size - 4)) << "last";
    auto frozen = must(freeze(host::real_host(), path_, {}));
    EXPECT_EQ(frozen->image().size(), size);
    Bytes page(4096);
    must(frozen->image().read({frozen->image().last_page(), 1}, page));
    EXPECT_EQ(text_of(page).substr(4092), "last");
    must(frozen->image().read({sqlite::PageNumber{1}, 1}, page));
    EXPECT_TRUE(std::ranges::equal(page, ByteView(start).first(4096)));
    EXPECT_THAT(frozen->finish(), Succeeds());
}

}  // namespace
}  // namespace holdfast::live

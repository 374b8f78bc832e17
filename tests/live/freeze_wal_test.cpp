// How a database with a write-ahead log is frozen.
#include "freeze_states.h"

namespace holdfast::live {
namespace {

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

}  // namespace
}  // namespace holdfast::live

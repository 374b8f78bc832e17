// Freezing with few rights, against locks, of files that are replaced, and of every size.
#include "freeze_states.h"

namespace holdfast::live {
namespace {

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

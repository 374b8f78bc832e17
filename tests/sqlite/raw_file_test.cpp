#include "holdfast/sqlite/raw_file.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "holdfast/sqlite/connection.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::sqlite {

using namespace tests;
namespace {

using tests::DatabaseProcess;
using tests::footprint;
using tests::locks_on;
using State = RawFile::WalIndexState;
using ::testing::IsEmpty;
using ::testing::Not;

class RawFileTest : public ::testing::Test {
protected:
    Connection writer(const std::string& setup = "SELECT 1") {
        auto connection = must(Connection::open(path_, {.mode = OpenMode::create, .busy_timeout_ms = 0}));
        must(connection.execute(setup));
        return connection;
    }
    // Everything a look at a database does.
    static void look(const std::string& path) {
        auto file = must(RawFile::open(path));
        Bytes start(100);
        EXPECT_THAT(file.read(0, start), Succeeds());
        EXPECT_THAT(file.size(), Succeeds());
        EXPECT_THAT(file.is_reserved(), Succeeds());
        if (file.lock_shared().ok()) file.unlock();
        EXPECT_THAT(file.wal_index_state(), Succeeds());
        (void)file.wal_index_head();
        for (const auto& [kind, ending] : {std::pair{RawFileKind::wal, "-wal"}, {RawFileKind::journal, "-journal"}}) {
            auto sidecar = RawFile::open(path + ending, {.kind = kind});
            if (sidecar.ok()) must(sidecar->read(0, start));
        }
    }
    // Forks, so that the caller's process must not have the database open. True if `holds` says so as another user.
    static bool holds_as_nobody(const std::function<bool()>& holds) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
            ::_exit(holds() ? 0 : 1);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }

    const TemporaryFolder folder_;
    const std::string path_ = folder_ / "a.db";
};

TEST_F(RawFileTest, OpensNothingThatIsNotThere) {
    for (const auto kind : {RawFileKind::database, RawFileKind::wal, RawFileKind::journal}) {
        EXPECT_THAT(RawFile::open(path_, {.kind = kind}), FailsWith(ErrorCode::not_found));
        EXPECT_THAT(RawFile::open(folder_ / "no/folder", {.kind = kind}), FailsWith(ErrorCode::not_found));
    }
    EXPECT_THAT(RawFile::open(""), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(RawFile::open(std::string("a\0b", 3)), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(RawFile::open("/" + std::string(1000, 'x')), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(RawFile::open(path_, {.vfs = "no-such-vfs"}), FailsWith(ErrorCode::invalid));
    EXPECT_TRUE(std::filesystem::is_empty(folder_.path()));
}

TEST_F(RawFileTest, SaysWhenItMayNotRead) {
    tests::write_file(path_, bytes_of("secret"));
    std::filesystem::permissions(path_, std::filesystem::perms::none);
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    EXPECT_TRUE(holds_as_nobody([&] {
        const auto file = RawFile::open(path_);
        return !file.ok() && file.error().code() == ErrorCode::denied;
    }));
}

TEST_F(RawFileTest, ReadsZerosPastTheEnd) {
    tests::write_file(path_, bytes_of("0123456789"));
    const auto file = must(RawFile::open(path_));
    EXPECT_EQ(must(file.size()), 10u);
    Bytes some(6, std::byte{1});
    ASSERT_THAT(file.read(7, some), Succeeds());
    EXPECT_EQ(text_of(some), std::string_view("789\0\0\0", 6));
    ASSERT_THAT(file.read(1ull << 40, some), Succeeds());
    EXPECT_TRUE(is_all_zero(some));
}

TEST_F(RawFileTest, FollowsLinksToADatabase) {
    { auto other = writer("PRAGMA journal_mode=WAL; CREATE TABLE t(x)"); }
    const std::string link = folder_ / "link.db";
    std::filesystem::create_symlink("a.db", link);
    const DatabaseProcess other(path_);
    auto connection = writer("SELECT * FROM t");
    const auto file = must(RawFile::open(link));
    EXPECT_EQ(must(file.wal_index_state()), State::connected);  // a.db-shm, not link.db-shm
}

TEST_F(RawFileTest, TakesEveryName) {
    for (const std::string name : {"sp ace", "qu'o\"te", "Größe-ж", "a?readonly_shm=0&x", "100%", "file:y", "\xff"}) {
        const std::string path = folder_ / name;
        auto connection = must(Connection::open(path, {.mode = OpenMode::create}));
        must(connection.execute("PRAGMA journal_mode=WAL; CREATE TABLE t(x)"));
        const auto file = must(RawFile::open(path));
        EXPECT_EQ(must(file.wal_index_state()), State::connected) << name;
        EXPECT_THAT(RawFile::open(path + "-wal", {.kind = RawFileKind::wal}), Succeeds()) << name;
    }
}

// --- what a look leaves behind: nothing ---

TEST_F(RawFileTest, ALookLeavesNoTraceBesideACleanDatabase) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        { auto connection = writer("PRAGMA journal_mode=" + mode + "; CREATE TABLE IF NOT EXISTS t(x)"); }
        const auto before = footprint(folder_.path());
        EXPECT_EQ(before.size(), 1u);
        look(path_);
        EXPECT_EQ(footprint(folder_.path()), before) << mode;
    }
}

TEST_F(RawFileTest, ALookLeavesNoTraceBesideACrashedOne) {
    DatabaseProcess other(path_);
    other.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    other.kill_now();
    const auto before = footprint(folder_.path(), {.times = false});
    EXPECT_EQ(before.size(), 3u);
    auto with_times = footprint(folder_.path());
    look(path_);
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
    // As root the -shm is given to the database's owner, who has it already: its ctime alone moves.
    auto after = footprint(folder_.path());
    with_times.erase("a.db-shm");
    after.erase("a.db-shm");
    EXPECT_EQ(after, with_times);
}

TEST_F(RawFileTest, ALookLeavesNoTraceBesideALiveOne) {
    DatabaseProcess other(path_);
    other.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    const auto before = footprint(folder_.path(), {.times = false});
    look(path_);
    EXPECT_EQ(footprint(folder_.path(), {.times = false}), before);
    EXPECT_EQ(other.run("INSERT INTO t VALUES (2); SELECT count(*) FROM t"), "2");
}

// A SQLite connection does leave traces: the footprints above would tell.
TEST_F(RawFileTest, AnOrdinaryReaderLeavesTraces) {
    { auto connection = writer("PRAGMA journal_mode=WAL; CREATE TABLE t(x)"); }
    const auto before = footprint(folder_.path());
    {
        auto reader = must(Connection::open(path_));
        EXPECT_THAT(reader.integer("SELECT count(*) FROM t"), Succeeds());
    }
    EXPECT_NE(footprint(folder_.path()), before);
}

// --- this process keeps its locks ---

TEST_F(RawFileTest, LocksOfOtherConnectionsSurvive) {
    for (const std::string mode : {"DELETE", "WAL"}) {
        auto connection = writer("PRAGMA journal_mode=" + mode + "; CREATE TABLE IF NOT EXISTS t(x)");
        must(connection.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (1)"));
        const auto on_file = locks_on(path_), on_index = locks_on(path_ + "-shm");
        EXPECT_THAT(on_file, Not(IsEmpty()));
        EXPECT_EQ(on_index.empty(), mode == "DELETE");
        look(path_);
        EXPECT_EQ(locks_on(path_), on_file) << mode;
        EXPECT_EQ(locks_on(path_ + "-shm"), on_index) << mode;
        must(connection.execute("COMMIT"));
    }
}

TEST_F(RawFileTest, APlainReadWouldDropThem) {
    auto connection = writer("CREATE TABLE t(x); BEGIN IMMEDIATE");
    EXPECT_THAT(locks_on(path_), Not(IsEmpty()));
    tests::file_bytes(path_);
    EXPECT_THAT(locks_on(path_), IsEmpty());
}

TEST_F(RawFileTest, ItsOwnLockGoesWithIt) {
    { auto connection = writer("CREATE TABLE t(x)"); }
    {
        auto file = must(RawFile::open(path_));
        ASSERT_THAT(file.lock_shared(), Succeeds());
        ASSERT_THAT(file.lock_shared(), Succeeds());
        EXPECT_THAT(locks_on(path_), Not(IsEmpty()));
        file.unlock();
        EXPECT_THAT(locks_on(path_), IsEmpty());
        ASSERT_THAT(file.lock_shared(), Succeeds());
    }
    EXPECT_THAT(locks_on(path_), IsEmpty());
}

TEST_F(RawFileTest, SharedKeepsWritersOfOtherProcessesOut) {
    DatabaseProcess other(path_);
    other.run("CREATE TABLE t(x)");
    auto file = must(RawFile::open(path_));
    ASSERT_THAT(file.lock_shared(), Succeeds());
    EXPECT_EQ(other.try_to("INSERT INTO t VALUES (1)").code, SQLITE_BUSY);
    file.unlock();
    EXPECT_EQ(other.try_to("INSERT INTO t VALUES (1)").code, SQLITE_OK);
}

TEST_F(RawFileTest, AWriterKeepsSharedOut) {
    DatabaseProcess other(path_);
    other.run("CREATE TABLE t(x); BEGIN EXCLUSIVE");
    auto file = must(RawFile::open(path_));
    EXPECT_THAT(file.lock_shared(), FailsWith(ErrorCode::busy));
    EXPECT_TRUE(must(file.is_reserved()));
    other.run("COMMIT; PRAGMA locking_mode=EXCLUSIVE; PRAGMA journal_mode=WAL; INSERT INTO t VALUES (1)");
    EXPECT_THAT(file.lock_shared(), FailsWith(ErrorCode::busy));
    EXPECT_EQ(must(file.wal_index_state()), State::absent);
    other.close();
    EXPECT_THAT(file.lock_shared(), Succeeds());
    EXPECT_FALSE(must(file.is_reserved()));
}

TEST_F(RawFileTest, SeesReservedOfOthersAndOfThisProcess) {
    DatabaseProcess other(path_);
    other.run("CREATE TABLE t(x); BEGIN IMMEDIATE");
    const auto file = must(RawFile::open(path_));
    EXPECT_TRUE(must(file.is_reserved()));
    other.kill_now();
    EXPECT_FALSE(must(file.is_reserved()));
    auto connection = writer("BEGIN IMMEDIATE");
    EXPECT_TRUE(must(file.is_reserved()));
}

// --- the wal-index ---

TEST_F(RawFileTest, TellsTheThreeStatesOfTheWalIndex) {
    DatabaseProcess other(path_);
    other.run("CREATE TABLE t(x)");
    const auto file = must(RawFile::open(path_));
    EXPECT_EQ(must(file.wal_index_state()), State::absent);
    EXPECT_THAT(file.wal_index_head(), FailsWith(ErrorCode::not_found));
    other.run("PRAGMA journal_mode=WAL; INSERT INTO t VALUES (1)");
    EXPECT_EQ(must(file.wal_index_state()), State::connected);
    EXPECT_EQ(must(file.wal_index_head()).size(), 136u);
    other.kill_now();
    EXPECT_EQ(must(file.wal_index_state()), State::unconnected);
    EXPECT_THAT(file.wal_index_head(), FailsWith(ErrorCode::not_found));
    DatabaseProcess again(path_);
    EXPECT_EQ(again.run("SELECT count(*) FROM t"), "1");
    EXPECT_EQ(must(file.wal_index_state()), State::connected);
    again.close();
    EXPECT_EQ(must(file.wal_index_state()), State::absent);
}

TEST_F(RawFileTest, SeesConnectionsOfThisProcess) {
    const auto file = [&] {
        auto connection = writer("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
        auto opened = must(RawFile::open(path_));
        EXPECT_EQ(must(opened.wal_index_state()), State::connected);
        EXPECT_EQ(must(opened.wal_index_head()).size(), 136u);
        must(connection.execute("INSERT INTO t VALUES (1)"));
        return opened;
    }();
    EXPECT_EQ(must(file.wal_index_state()), State::absent);
}

// A look must not hold on to the read-only view: a connection opened later could not write.
TEST_F(RawFileTest, AConnectionOpenedAfterALookCanWrite) {
    DatabaseProcess other(path_);
    other.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
    const auto file = must(RawFile::open(path_));
    EXPECT_EQ(must(file.wal_index_state()), State::connected);
    EXPECT_THAT(file.wal_index_head(), Succeeds());
    auto connection = writer("INSERT INTO t VALUES (1)");
    other.kill_now();
    EXPECT_EQ(must(connection.integer("SELECT count(*) FROM t")), 1);
}

TEST_F(RawFileTest, TheHeadFollowsCommits) {
    DatabaseProcess other(path_);
    other.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
    const auto file = must(RawFile::open(path_));
    const auto first = must(file.wal_index_head());
    EXPECT_EQ(must(file.wal_index_head()), first);
    other.run("INSERT INTO t VALUES (1)");
    const auto second = must(file.wal_index_head());
    EXPECT_NE(second, first);
    EXPECT_EQ(to_hex(ByteView(second).first(48)), to_hex(ByteView(second).subspan(48, 48)));
}

TEST_F(RawFileTest, WorksWhereNothingCanBeWritten) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    DatabaseProcess other(path_);
    other.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES (1)");
    for (const auto* ending : {"", "-wal", "-shm"}) std::filesystem::permissions(path_ + ending, std::filesystem::perms(0644));
    const auto before = footprint(folder_.path());
    const auto sees = [&](State expected) {
        return holds_as_nobody([&] {
            auto file = RawFile::open(path_);
            auto wal = RawFile::open(path_ + "-wal", {.kind = RawFileKind::wal});
            if (!file.ok() || !wal.ok() || !file->lock_shared().ok()) return false;
            const auto state = file->wal_index_state();
            return state.ok() && *state == expected && file->wal_index_head().ok() == (expected == State::connected);
        });
    };
    EXPECT_TRUE(sees(State::connected));
    EXPECT_EQ(footprint(folder_.path()), before);
    other.kill_now();
    EXPECT_TRUE(sees(State::unconnected));
    EXPECT_FALSE(sees(State::connected));
    EXPECT_EQ(footprint(folder_.path()), before);
}

TEST_F(RawFileTest, AWalIndexThatMayNotBeReadIsNoAbsentOne) {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    DatabaseProcess other(path_);
    other.run("PRAGMA journal_mode=WAL; CREATE TABLE t(x)");
    std::filesystem::permissions(path_, std::filesystem::perms(0644));
    std::filesystem::permissions(path_ + "-shm", std::filesystem::perms(0600));
    EXPECT_TRUE(holds_as_nobody([&] {
        const auto file = must(RawFile::open(path_));
        const auto state = file.wal_index_state();
        return !state.ok() && state.error().code() == ErrorCode::denied;
    }));
}

}  // namespace
}  // namespace holdfast::sqlite

#include "holdfast/live/database_users.h"

#include <unistd.h>

#include <filesystem>

#include "holdfast/live/wal_state.h"
#include "holdfast/sqlite/connection.h"
#include "support/database_process.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;

class UsersTest : public ::testing::Test {
protected:
    UsersTest() : host{host::posix_file_system(), host::system_clock(), host::system_random(), host::silent_log()} {
        path = must(host.files.canonical(folder.path())) + "/app.db";
    }
    DatabaseUsers users() { return must(users_of(host, path)); }
    DatabaseUser only_user() {
        const auto all = users();
        EXPECT_TRUE(all.saw_locks);
        EXPECT_EQ(all.found.size(), 1u);
        return all.found.empty() ? DatabaseUser{} : all.found.front();
    }
    void fill(DatabaseProcess& process, const std::string& mode) {
        process.run("PRAGMA journal_mode = " + mode);
        process.run("CREATE TABLE IF NOT EXISTS t(x); INSERT INTO t VALUES (1), (2), (3)");
    }
    TemporaryFolder folder;
    host::Host host;
    std::string path;
};

TEST_F(UsersTest, AConnectionInOrderHasItsLocks) {
    for (const char* mode : {"wal", "delete"}) {
        DatabaseProcess process(path);
        fill(process, mode);
        process.run("SELECT * FROM t");
        const auto user = only_user();
        EXPECT_EQ(user.process, process.pid());
        EXPECT_EQ(user.connections, 1u);
        EXPECT_EQ(user.has_wal_index, std::string(mode) == "wal");
        EXPECT_FALSE(user.has_dropped_locks()) << mode;
        EXPECT_FALSE(user.is_writing);
        EXPECT_TRUE(user.gone.empty());
        process.close();
        EXPECT_TRUE(users().found.empty());
    }
}

TEST_F(UsersTest, ClosingAnotherDescriptorDropsLocksAndIsSeen) {
    DatabaseProcess process(path);
    fill(process, "wal");
    process.open_and_close_raw(path);
    auto user = only_user();
    EXPECT_TRUE(user.lacks_main_lock);
    EXPECT_FALSE(user.lacks_index_lock);
    EXPECT_FALSE(user.is_forked);
    process.open_and_close_raw(path + "-shm");
    user = only_user();
    EXPECT_TRUE(user.lacks_main_lock && user.lacks_index_lock);
}

TEST_F(UsersTest, ALockThatWasDroppedWithinATransactionIsSeen) {
    for (const char* mode : {"delete", "truncate", "persist"}) {
        DatabaseProcess process(path);
        fill(process, mode);
        EXPECT_FALSE(only_user().lacks_write_lock) << mode << ", at rest";
        process.run("BEGIN");
        process.run("UPDATE t SET x = x + 1");
        EXPECT_FALSE(only_user().lacks_write_lock) << mode << ", with its lock";
        process.open_and_close_raw(path);
        EXPECT_TRUE(only_user().lacks_write_lock) << mode;
        EXPECT_TRUE(only_user().has_dropped_locks());
        process.run("ROLLBACK");
        EXPECT_FALSE(only_user().lacks_write_lock) << mode << ", behind it";
        process.close();
    }
}

TEST_F(UsersTest, AFileThatWasReplacedUnderAProgramIsSeen) {
    DatabaseProcess process(path);
    fill(process, "delete");
    std::filesystem::copy_file(path, path + ".new");
    std::filesystem::rename(path + ".new", path);
    const auto user = only_user();
    EXPECT_EQ(user.gone, std::vector<std::string>{path});
    EXPECT_EQ(user.connections, 0u);
}

TEST_F(UsersTest, AWriteTransactionThatLastsIsSeen) {
    for (const char* mode : {"wal", "delete"}) {
        DatabaseProcess process(path);
        if (std::string(mode) == "wal") fill(process, mode);
        else process.run("PRAGMA journal_mode = delete");
        process.run("BEGIN IMMEDIATE");
        EXPECT_TRUE(only_user().is_writing) << mode;
        process.run("COMMIT");
        EXPECT_FALSE(only_user().is_writing) << mode;
    }
}

TEST_F(UsersTest, AReaderThatPinsTheWalIsNamed) {
    DatabaseProcess writer(path), reader(path);
    fill(writer, "wal");
    EXPECT_EQ(must(state_of_wal(host, path, {})).pins.size(), 0u);
    reader.run("BEGIN; SELECT * FROM t");
    writer.run("INSERT INTO t SELECT randomblob(3000) FROM t, t, t");
    writer.run("PRAGMA wal_checkpoint(PASSIVE)");
    const auto state = must(state_of_wal(host, path, {}));
    EXPECT_TRUE(state.is_connected);
    EXPECT_EQ(state.page_size, 4096u);
    EXPECT_GT(state.waiting, 0u);
    EXPECT_EQ(state.file_size, std::filesystem::file_size(path + "-wal"));
    ASSERT_EQ(state.pins.size(), 1u);
    EXPECT_EQ(state.pins[0].process, reader.pid());
    EXPECT_LT(state.pins[0].up_to, state.frames);
    EXPECT_GT(state.pins[0].up_to, 0u) << "it sees what was in the WAL when it began";
    reader.run("COMMIT");
    writer.run("PRAGMA wal_checkpoint(PASSIVE)");
    EXPECT_EQ(must(state_of_wal(host, path, {})).waiting, 0u);
    EXPECT_TRUE(must(state_of_wal(host, path, {})).pins.empty());
}

}  // namespace
}  // namespace holdfast::live

#include "holdfast/live/sidecars.h"

#include <filesystem>

#include "holdfast/sqlite/connection.h"
#include "support/database_files.h"
#include "support/database_process.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::live {
namespace {

using namespace tests;

class SidecarsTest : public ::testing::Test {
protected:
    SidecarsTest() : host{host::posix_file_system(), host::system_clock(), host::system_random(), host::silent_log()} {
        path = must(host.files.canonical(folder.path())) + "/app.db";
    }
    std::optional<SidecarSeen> seen(const std::string& ending) {
        const auto all = must(sidecars_of(host, path, {.busy_timeout_ms = 0}));
        for (const auto& one : all) {
            if (one.path == path + ending) return one;
        }
        return std::nullopt;
    }
    static void create(DatabaseProcess& process, const std::string& mode) {
        process.run("PRAGMA journal_mode = " + mode);
        process.run("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2), (3)");
    }
    TemporaryFolder folder;
    host::Host host;
    std::string path;
};

TEST_F(SidecarsTest, OfAnOpenDatabaseAreInUse) {
    DatabaseProcess process(path);
    create(process, "wal");
    EXPECT_EQ(seen("-wal")->state, SidecarState::in_use);
    EXPECT_EQ(seen("-shm")->state, SidecarState::in_use);
    process.run("PRAGMA wal_checkpoint(TRUNCATE)");
    process.close();
    EXPECT_FALSE(seen("-wal"));
}

TEST_F(SidecarsTest, AWalLeftByACrashHoldsCommits) {
    DatabaseProcess process(path);
    create(process, "wal");
    process.kill_now();
    const auto before = file_bytes(path + "-wal");
    const auto wal = seen("-wal");
    EXPECT_EQ(wal->state, SidecarState::leftover_wal);
    EXPECT_GT(wal->pages, 0u);
    EXPECT_EQ(file_bytes(path + "-wal"), before);
    std::filesystem::remove(path);
    EXPECT_EQ(seen("-wal")->state, SidecarState::no_database);
    write_file(path, {});
    EXPECT_EQ(seen("-wal")->state, SidecarState::no_database) << "of a database without a byte";
}

TEST_F(SidecarsTest, AWalOfAnotherDatabaseIsKnown) {
    {
        DatabaseProcess process(path);
        create(process, "wal");
        process.kill_now();
    }
    const auto wal = file_bytes(path + "-wal");
    for (const char* pragma : {"PRAGMA page_size = 8192; PRAGMA journal_mode = wal", "PRAGMA page_size = 4096; PRAGMA journal_mode = delete"}) {
        std::filesystem::remove(path);
        std::filesystem::remove(path + "-wal");
        std::filesystem::remove(path + "-shm");
        {
            DatabaseProcess process(path);
            process.run(pragma);
            process.run("CREATE TABLE u(y)");
            process.close();
        }
        write_file(path + "-wal", wal);
        const auto found = seen("-wal");
        EXPECT_EQ(found->state, SidecarState::other_database) << pragma;
        EXPECT_FALSE(found->why.empty());
        auto connection = must(sqlite::Connection::open(path, {.mode = sqlite::OpenMode::read_write}));
        EXPECT_FALSE(connection.execute("SELECT * FROM u").ok() && connection.text("PRAGMA integrity_check").value_or("") == "ok" && pragma[19] == '4')
            << "SQLite takes the other's pages in: it is as bad as we say";
    }
}

TEST_F(SidecarsTest, AFileThatWasPutBesideALeftoverWalIsDoubted) {
    for (const char* sql : {"INSERT INTO t SELECT randomblob(3000) FROM t, t AS u", "UPDATE t SET x = x + 1"}) {  // with and without page 1
        std::filesystem::remove(path + ".old");
        {
            DatabaseProcess process(path);
            create(process, "wal");
            process.close();
        }
        must(must(sqlite::Connection::open(path)).execute("VACUUM INTO '" + path + ".old'"));
        must(must(sqlite::Connection::open(path + ".old", {.mode = sqlite::OpenMode::read_write})).execute("PRAGMA journal_mode = wal"));
        {
            DatabaseProcess process(path);
            process.run(sql);
            process.kill_now();
        }
        EXPECT_EQ(seen("-wal")->state, SidecarState::leftover_wal) << sql;
        {
            DatabaseProcess process(path);
            process.run("PRAGMA wal_autocheckpoint = 0");
            process.run(sql);
            process.run("PRAGMA wal_checkpoint(PASSIVE)");
            process.kill_now();
        }
        EXPECT_EQ(seen("-wal")->state, SidecarState::leftover_wal) << "a checkpoint has written into the file after the WAL was: " << sql;
        const auto kept = file_bytes(path);
        write_file(path, file_bytes(path + ".old"));
        const auto found = seen("-wal");
        EXPECT_EQ(found->state, SidecarState::doubtful_wal) << sql;
        EXPECT_FALSE(found->why.empty());
        write_file(path, kept);
        EXPECT_EQ(seen("-wal")->state, SidecarState::leftover_wal) << "put back: " << sql;
        for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
    }
}

TEST_F(SidecarsTest, AHotJournalIsToldAndLeft) {
    {
        DatabaseProcess process(path);
        create(process, "delete");
        process.run("PRAGMA cache_size = 2; PRAGMA cache_spill = 1");
        process.run("BEGIN; INSERT INTO t SELECT randomblob(3000) FROM t, t, t, t");
        EXPECT_EQ(seen("-journal")->state, SidecarState::in_use);
        process.kill_now();
    }
    const auto database = file_bytes(path);
    const auto journal = seen("-journal");
    EXPECT_EQ(journal->state, SidecarState::hot_journal);
    EXPECT_GT(journal->pages, 0u);
    EXPECT_EQ(file_bytes(path), database);
    std::filesystem::remove(path);
    EXPECT_EQ(seen("-journal")->state, SidecarState::no_database);
}

TEST_F(SidecarsTest, AJournalThatPersistsIsHarmless) {
    DatabaseProcess process(path);
    create(process, "persist");
    EXPECT_EQ(seen("-journal")->state, SidecarState::harmless);
}

}  // namespace
}  // namespace holdfast::live

// The fixture of the freeze_*_test.cpp: a database in a folder of its own, frozen, with nothing beside or in it changed.
#pragma once

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
namespace fs = std::filesystem;

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

}  // namespace holdfast::live

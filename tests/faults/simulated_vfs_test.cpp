// SQLite on the simulated disk behaves as on a real one, and loses what it may lose.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "faults/simulated_database.h"
#include "holdfast/sqlite/raw_file.h"

namespace holdfast::tests {
namespace {

const std::string path = "/db/app.db";

class OnSimulatedDisk : public ::testing::Test {
protected:
    OnSimulatedDisk() { must(host::make_folders_durably(machine_.host().files, "/db", 0700)); }
    Result<sqlite::Connection> open() {
        return sqlite::Connection::open(path, {.mode = sqlite::OpenMode::create, .vfs = databases_.vfs(), .busy_timeout_ms = 0});
    }
    sqlite::RawFile raw() { return must(sqlite::RawFile::open(path, {.vfs = databases_.vfs(), .writable = true})); }

    SimulatedMachine machine_{1};
    SimulatedDatabases databases_{machine_.host()};
};

TEST_F(OnSimulatedDisk, AWriterShutsOutOthersInRollbackMode) {
    databases_.run(path, database_sql("DELETE", "a", 3));
    auto one = must(open()), two = must(open());
    must(one.execute("BEGIN IMMEDIATE; DELETE FROM t"));
    EXPECT_EQ(must(two.integer("SELECT count(*) FROM t")), 3);
    EXPECT_THAT(two.execute("BEGIN IMMEDIATE"), FailsWith(ErrorCode::busy));
    EXPECT_TRUE(must(raw().is_reserved()));
    must(two.execute("BEGIN; SELECT count(*) FROM t"));
    EXPECT_THAT(one.execute("COMMIT"), FailsWith(ErrorCode::busy)) << "a reader is in its way";
    auto three = must(open());
    EXPECT_THAT(three.integer("SELECT count(*) FROM t"), FailsWith(ErrorCode::busy)) << "the writer waits, no new readers";
    must(two.execute("COMMIT"));
    must(one.execute("COMMIT"));
    EXPECT_EQ(must(three.integer("SELECT count(*) FROM t")), 0);
}

TEST_F(OnSimulatedDisk, ReadersKeepTheirViewInWalMode) {
    databases_.run(path, database_sql("WAL", "a", 3));
    auto one = must(open()), two = must(open());
    must(two.execute("BEGIN; SELECT count(*) FROM t"));
    must(one.execute(rows_of_kind("b", 4)));
    EXPECT_EQ(must(two.integer("SELECT count(*) FROM t")), 3);
    EXPECT_EQ(raw().wal_index_state().value(), sqlite::RawFile::WalIndexState::connected);
    EXPECT_THAT(raw().lock_exclusive(), FailsWith(ErrorCode::busy));
    must(two.execute("COMMIT"));
    EXPECT_EQ(must(two.integer("SELECT count(*) FROM t")), 7);
    must(one.execute("BEGIN IMMEDIATE"));
    EXPECT_THAT(two.execute("BEGIN IMMEDIATE"), FailsWith(ErrorCode::busy));
}

TEST_F(OnSimulatedDisk, TheWalIndexIsGoneWithThePowerAndIsRecovered) {
    databases_.run(path, database_sql("WAL", "a", 3));
    databases_.run(path, rows_of_kind("b", 4), true);
    machine_.cut_power();
    machine_.reboot();
    EXPECT_EQ(raw().wal_index_state().value(), sqlite::RawFile::WalIndexState::absent);
    EXPECT_TRUE(must(host::exists(machine_.host().files, path + "-wal")));
    EXPECT_EQ(must(must(open()).integer("SELECT count(*) FROM t")), 7);
}

// Both ends of a commit that was not made to last, over many cuts.
TEST(SimulatedVfs, LosesWhatWasNotSynced) {
    std::set<std::int64_t> seen;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        SimulatedMachine machine(seed);
        must(host::make_folders_durably(machine.host().files, "/db", 0700));
        const SimulatedDatabases databases(machine.host());
        databases.run(path, database_sql("WAL", "a", 3));
        {
            auto connection = databases.connect(path, true);
            must(connection.execute("PRAGMA synchronous=NORMAL;" + rows_of_kind("b", 4)));
            machine.cut_power();
        }
        machine.reboot();
        auto connection = databases.connect(path);
        seen.insert(must(connection.integer("SELECT count(*) FROM t")));
        EXPECT_EQ(must(connection.text("PRAGMA integrity_check")), "ok");
    }
    EXPECT_THAT(seen, ::testing::ElementsAre(3, 7));
}

}  // namespace
}  // namespace holdfast::tests

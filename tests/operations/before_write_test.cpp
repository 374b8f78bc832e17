#include "holdfast/operations/before_write.h"

#include <gtest/gtest.h>

#include <atomic>

#include "holdfast/operations/exec.h"
#include "holdfast/operations/maintain.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Commits once, without waiting for any lock, while a backup reads. What it has committed before is still in the WAL, so that
// the backup reads a moment, and need not begin anew.
class CommitMeanwhile final : public Progress {
public:
    explicit CommitMeanwhile(sqlite::Connection connection) : connection_(std::move(connection)) {
        must(connection_.execute("INSERT INTO ledger(payload) VALUES('before')"));
    }
    void at(const ProgressStep& step) override {
        if (step.phase != "reading" || has_tried_.exchange(true)) return;
        committed = connection_.execute("INSERT INTO ledger(payload) VALUES('meanwhile')").ok();
    }
    std::atomic<bool> committed = false;

private:
    sqlite::Connection connection_;
    std::atomic<bool> has_tried_ = false;
};

class BackupBeforeWrites : public World {
protected:
    BackupBeforeWrites() {
        make_repository();
        create_database(database);
    }
    // Larger than what is kept whole under the lock.
    void fill() {
        execute(database, "CREATE TABLE bulk(b); WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 20) INSERT INTO bulk SELECT randomblob(1000000) FROM c");
    }
    ExecRequest request(const std::string& sql) const {
        ExecRequest request;
        request.target.database = database;
        request.sql = sql;
        request.before.repository = in_repository();
        request.before.wait_s = 0;
        return request;
    }
    // What SQLite reads of the rows, short enough to be shown.
    static std::string sum_of(const std::string& path) {
        auto connection = connect(path);
        return must(connection.text("SELECT count(*) || ' ' || group_concat(CASE WHEN payload LIKE 'entry %' THEN '' ELSE payload END, '') || ' ' || hex(group_concat(substr(payload, -2), '')) FROM (SELECT * FROM ledger ORDER BY n)"));
    }
    std::string kept_by(std::uint64_t number) {
        const std::string copy = work + format("/kept-{}.db", number);
        must(restore_to(format("{}", number), copy));
        return sum_of(copy);
    }
    // What a person is told, and finds in the repository, of a write while which somebody else has committed.
    void expect_two_backups(const CommitMeanwhile& other, std::uint64_t way_back, const std::string& before) {
        EXPECT_TRUE(other.committed);
        EXPECT_EQ(way_back, listed().backups.front().number);
        const auto first = listed().backups.at(1).number;
        EXPECT_GT(shown(format("{}", first)).pages_changed, 4096u);
        EXPECT_LT(shown(format("{}", way_back)).pages_changed, 20u);
        EXPECT_EQ(kept_by(first), before);
        EXPECT_THAT(kept_by(way_back), HasSubstr("beforemeanwhile "));
    }
};

TEST_F(BackupBeforeWrites, MostOfItIsKeptWhileOthersWriteAndTheRestUnderTheLock) {
    fill();
    CommitMeanwhile other(connect(database));
    const auto before = sum_of(database);
    context.watch.progress = &other;
    const auto report = must(exec(context, request("DELETE FROM ledger WHERE n = 1")));
    EXPECT_FALSE(report.before.was_there);
    EXPECT_EQ(listed().backups.size(), 2u);
    EXPECT_EQ(listed().backups.at(1).comment, listed().backups.at(0).comment);
    expect_two_backups(other, report.before.number, before);
}

TEST_F(BackupBeforeWrites, OfRowsThatComeBackToo) {
    backup();
    fill();
    execute(database, "UPDATE ledger SET payload = 'spoiled' WHERE n = 7");
    CommitMeanwhile other(connect(database));
    const auto before = sum_of(database);
    context.watch.progress = &other;
    auto rows = restore_request("1");
    rows.rows.tables = {"ledger"};
    rows.rows.keys = {"7"};
    rows.wait_s = 0;
    const auto report = must(restore(context, rows));
    expect_two_backups(other, report.safety_number, before);
}

TEST_F(BackupBeforeWrites, OfMaintenanceToo) {
    fill();
    CommitMeanwhile other(connect(database));
    const auto before = sum_of(database);
    context.watch.progress = &other;
    MaintainVacuumRequest vacuum;
    vacuum.target.database = database;
    vacuum.before = request("").before;
    const auto report = must(maintain_vacuum(context, vacuum));
    expect_two_backups(other, report.before.number, before);
}

// One that was made ahead is the way back, and is not taken for one of earlier times.
TEST_F(BackupBeforeWrites, IsOneWhereNobodyWritesMeanwhile) {
    fill();
    const auto first = must(exec(context, request("DELETE FROM ledger WHERE n = 1")));
    EXPECT_EQ(first.before.number, 1u);
    EXPECT_FALSE(first.before.was_there);
    const auto second = must(exec(context, request("UPDATE ledger SET n = n WHERE n = 2; UPDATE ledger SET payload = 'x' WHERE n = 2")));
    EXPECT_EQ(second.before.number, listed().backups.front().number);
    EXPECT_FALSE(second.before.was_there);
    EXPECT_EQ(listed().backups.size(), 2u);
}

TEST_F(BackupBeforeWrites, WhatMayNotBeWrittenIsNotKeptForIt) {
    fill();
    files.read_only.push_back(work);
    EXPECT_THAT(exec(context, request("DELETE FROM ledger")), FailsWith(ErrorCode::denied));
    files.read_only.clear();
    EXPECT_THAT(listed().backups, IsEmpty());
}

TEST_F(BackupBeforeWrites, ALockThatCannotBeHadLeavesTheBackupMadeAhead) {
    fill();
    auto other = connect(database);
    must(other.execute("BEGIN IMMEDIATE"));
    EXPECT_THAT(exec(context, request("DELETE FROM ledger")), FailsWith(ErrorCode::busy));
    EXPECT_EQ(listed().backups.size(), 1u);
    EXPECT_THAT(verify_all().damage, IsEmpty());
}

// They may write into the database themselves, and stop and start what holds it.
class HooksBeforeWrites : public BackupBeforeWrites {
protected:
    HooksBeforeWrites() {
        const auto hook = [&](const std::string& event) {
            return format("[[hooks.{0}]]\ncommand = \"sqlite3 '{1}' \\\"PRAGMA busy_timeout = 0; INSERT INTO hooked VALUES('{0}')\\\" && echo {0} >> '{2}'\"\n", event, database, log);
        };
        write(work + "/holdfast.toml", hook("before_backup") + hook("after_backup") + hook("on_failure"));
        execute(database, "CREATE TABLE hooked(event)");
    }
    std::string said() const { return exists(log) ? std::string(text_of(tests::file_bytes(log))) : ""; }
    const std::string log = root / "log";
};

TEST_F(HooksBeforeWrites, RunOnceAndWhileNobodyHoldsTheLock) {
    const auto small = must(exec(context, request("DELETE FROM ledger WHERE n = 1")));
    EXPECT_THAT(small.before.warnings, ::testing::Not(::testing::Contains(HasSubstr("hook"))));
    EXPECT_EQ(said(), "before_backup\nafter_backup\n");
    fill();
    must(exec(context, request("DELETE FROM ledger WHERE n = 2")));
    EXPECT_EQ(said(), "before_backup\nafter_backup\nbefore_backup\nafter_backup\n");
    EXPECT_EQ(must(connect(database).integer("SELECT count(*) FROM hooked")), 4);
}

// What a hook has stopped is started again, whatever becomes of the write.
TEST_F(HooksBeforeWrites, TheLastRunWhereTheWriteFails) {
    EXPECT_THAT(exec(context, request("INSERT INTO ledger(n) VALUES(2)")), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(said(), "before_backup\nafter_backup\n");
}

}  // namespace
}  // namespace holdfast::operations

#include "holdfast/operations/before_write.h"

#include <gtest/gtest.h>

#include <atomic>

#include "holdfast/operations/exec.h"
#include "holdfast/operations/maintain.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

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
    ExecRequest request(const std::string& sql) const { return exec_request(sql); }
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
    void expect_two(const CommitMeanwhile& other, std::uint64_t way_back, const std::string& before) {
        EXPECT_TRUE(other.committed);
        EXPECT_EQ(numbers().front(), way_back);
        const auto first = numbers(true).at(1);
        EXPECT_THAT(numbers(), Not(Contains(first))) << "it has served its purpose";
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
    EXPECT_EQ(listed().backups.size(), 1u);
    expect_two(other, report.before.number, before);
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
    expect_two(other, report.safety_number, before);
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
    expect_two(other, report.before.number, before);
}

TEST_F(BackupBeforeWrites, OneThatSomebodyElseWasToldOfStays) {
    fill();
    const auto write = request("").before;
    WayBack way_back;
    BackupBefore backup(context, write, database, {.operation = "tidy", .what = {}}, way_back);
    must(backup.ahead());
    auto others = must(back_up_before(context, write, database, {.operation = "tidy", .what = {}}));
    others.in_use.reset();  // that write is done
    EXPECT_TRUE(others.was_there);
    EXPECT_EQ(numbers(), std::vector{others.number});
    insert(database, 1);
    must(backup.make());
    backup.end();
    EXPECT_EQ(numbers(), (std::vector{way_back.number, others.number}));
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

TEST_F(BackupBeforeWrites, AWriteThatIsRefusedForgetsNothing) {
    write(work + "/holdfast.toml", "[retention.automatic]\nkeep_last = 1\n");
    fill();
    must(exec(context, request("DELETE FROM ledger WHERE n = 1")));
    const auto newest = must(exec(context, request("DELETE FROM ledger WHERE n = 2"))).before.number;
    {
        auto other = connect(database);
        must(other.execute("BEGIN IMMEDIATE"));
        EXPECT_THAT(exec(context, request("DELETE FROM ledger")), FailsWith(ErrorCode::busy));
    }
    EXPECT_THAT(numbers(), Contains(newest));
    const auto last = must(exec(context, request("DELETE FROM ledger WHERE n = 3"))).before.number;
    EXPECT_THAT(numbers(), Not(Contains(newest)));
    EXPECT_THAT(numbers(), Contains(last));
}

TEST_F(BackupBeforeWrites, WhatWasSeenAheadIsTold) {
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.expect]]\ntable = \"ledger\"\nloss_percent_max = 20\n");
    fill();
    const auto first = must(exec(context, request("DELETE FROM ledger")));
    EXPECT_THAT(first.before.warnings, Contains(HasSubstr("on the same disk")));
    const auto emptied = must(exec(context, request("INSERT INTO ledger VALUES(1, 'x')")));
    EXPECT_THAT(emptied.before.warnings, Contains(HasSubstr("--accept-loss")));
    EXPECT_THAT(emptied.before.warnings, Not(Contains(HasSubstr("since then nothing has changed"))));
    EXPECT_EQ(numbers().size(), 2u);
}

// Of a source that lacks a database no backup can be told to hold the same: it would be made twice.
TEST_F(BackupBeforeWrites, OfASourceThatLacksOneItIsMadeUnderTheLockAlone) {
    fill();
    const std::string other = work + "/other.db";
    create_database(other);
    must(try_backup({database, other}));
    std::filesystem::remove(other);
    const auto before = numbers().size();
    const auto report = must(exec(context, request("DELETE FROM ledger WHERE n = 1")));
    EXPECT_THAT(report.before.warnings, Contains(HasSubstr("lacks")));
    EXPECT_EQ(numbers(true).size(), before + 1);
}

// Each of two first backups at once would find no source, and make one.
TEST_F(BackupBeforeWrites, OneSourceIsBegunOnce) {
    class Second final : public Progress {
    public:
        explicit Second(std::function<void()> work) : work_(std::move(work)) {}
        void at(const ProgressStep& step) override {
            if (step.phase == "reading" && !has_begun_.exchange(true)) work_();
        }

    private:
        std::function<void()> work_;
        std::atomic<bool> has_begun_ = false;
    };
    fill();
    Second second([&] {
        Context own = context;
        own.watch = {};
        auto impatient = backup_request({database});
        impatient.wait_s = 0;
        EXPECT_THAT(operations::backup(own, impatient), FailsWith(ErrorCode::busy));
    });
    context.watch.progress = &second;
    must(try_backup({database}));
    context.watch = {};
    must(try_backup({database}));
    EXPECT_EQ(must(status(context, {.repository = in_repository()})).sources.size(), 1u);
}

// They may write into the database themselves, and stop and start what holds it.
class HooksBeforeWrites : public BackupBeforeWrites {
protected:
    HooksBeforeWrites() {
        const auto hook = [&](const std::string& event) {
            return format("[[hooks.{0}]]\ncommand = \"sqlite3 '{1}' \\\"PRAGMA busy_timeout = 0; INSERT INTO hooked VALUES('{0}')\\\" > /dev/null && echo {0} >> '{2}'\"\n", event, database, log);
        };
        write(work + "/holdfast.toml", hook("before_backup") + hook("after_backup") + hook("on_failure"));
        execute(database, "CREATE TABLE hooked(event)");
    }
    std::string said() const { return exists(log) ? std::string(text_of(tests::file_bytes(log))) : ""; }
    const std::string log = root / "log";
};

TEST_F(HooksBeforeWrites, RunOnceAndWhileNobodyHoldsTheLock) {
    const auto small = must(exec(context, request("DELETE FROM ledger WHERE n = 1")));
    EXPECT_THAT(small.before.warnings, Not(Contains(HasSubstr("hook"))));
    EXPECT_EQ(said(), "before_backup\nafter_backup\n");
    fill();
    must(exec(context, request("DELETE FROM ledger WHERE n = 2")));
    EXPECT_EQ(said(), "before_backup\nafter_backup\nbefore_backup\nafter_backup\n");
    EXPECT_EQ(must(connect(database).integer("SELECT count(*) FROM hooked")), 4);
}

// What a hook has stopped is started again, whatever becomes of the write; and the backup has not failed.
TEST_F(HooksBeforeWrites, TheLastRunWhereTheLockCannotBeHad) {
    auto other = connect(database);
    write(work + "/holdfast.toml", format("[[hooks.before_backup]]\ncommand = \"echo before >> '{0}'\"\n[[hooks.after_backup]]\ncommand = \"echo after $HOLDFAST_OUTCOME $HOLDFAST_NUMBER >> '{0}'\"\n"
                                          "[[hooks.on_failure]]\ncommand = \"echo failed >> '{0}'\"\n", log));
    must(other.execute("BEGIN IMMEDIATE"));
    EXPECT_THAT(exec(context, request("DELETE FROM ledger")), FailsWith(ErrorCode::busy));
    EXPECT_EQ(said(), "before\nafter failed\n") << "no backup was made";
    must(other.execute("ROLLBACK"));
    fill();
    must(other.execute("BEGIN IMMEDIATE"));
    EXPECT_THAT(exec(context, request("DELETE FROM ledger")), FailsWith(ErrorCode::busy));
    EXPECT_EQ(said(), format("before\nafter failed\nbefore\nafter done {}\n", numbers().front())) << "one was made ahead";
}

TEST_F(HooksBeforeWrites, TheLastRunWhereTheWriteFails) {
    EXPECT_THAT(exec(context, request("INSERT INTO ledger(n) VALUES(2)")), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(said(), "before_backup\nafter_backup\n");
}

}  // namespace
}  // namespace holdfast::operations

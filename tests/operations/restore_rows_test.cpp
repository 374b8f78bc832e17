#include <gtest/gtest.h>

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::HasSubstr;

class RestoreRows : public World {
protected:
    RestoreRows() {
        make_repository();
        create_database(database);
        backup();
        before_ = rows_of(database);
    }
    RestoreRequest request(std::vector<std::string> keys = {}) const {
        auto request = restore_request("1");
        request.wait_s = 0;
        request.rows.tables = {"ledger"};
        request.rows.keys = std::move(keys);
        return request;
    }
    std::string before_;
};

TEST_F(RestoreRows, AnAutomaticBackupIsMadeUnderTheLockAndBringsTheStateBeforeBack) {
    execute(database, "DELETE FROM ledger WHERE n IN (5, 6)");
    const auto now = rows_of(database);
    const auto report = must(restore(context, request({"5", "6"})));
    EXPECT_EQ(rows_of(database), before_);
    EXPECT_EQ(report.rows.database, database);
    ASSERT_EQ(report.rows.tables.size(), 1u);
    EXPECT_EQ(report.rows.tables[0].inserted, 2u);
    const auto listed_backups = listed().backups;
    ASSERT_EQ(listed_backups.size(), 2u);
    EXPECT_EQ(report.safety_number, listed_backups.front().number);
    EXPECT_EQ(listed_backups.front().kind, "automatic");
    EXPECT_EQ(listed_backups.front().operation, "restore rows");
    EXPECT_EQ(listed_backups.front().comment, "Auto-backup before: restore rows of #1");
    must(restore_in_place(format("{}", report.safety_number)));
    EXPECT_EQ(rows_of(database), now);
}

TEST_F(RestoreRows, ADryRunSaysWhatTheRealOneDoesAndLeavesNothing) {
    execute(database, "DELETE FROM ledger WHERE n < 50; UPDATE ledger SET payload = 'x' WHERE n > 190");
    auto dry = request();
    dry.dry_run = true;
    const auto said = must(restore(context, dry));
    EXPECT_EQ(rows_of(database) == before_, false);
    EXPECT_EQ(numbers().size(), 1u);
    const auto done = must(restore(context, request()));
    EXPECT_EQ(json_of(said.rows.tables).to_text(), json_of(done.rows.tables).to_text());
    EXPECT_EQ(done.rows.tables[0].inserted, 49u);
    EXPECT_EQ(done.rows.tables[0].updated, 10u);
    EXPECT_EQ(rows_of(database), before_);
}

// Whatever it is refused for, and however late.
TEST_F(RestoreRows, ARefusalChangesNothing) {
    execute(database, "CREATE TABLE p(id INTEGER PRIMARY KEY, u UNIQUE, n CHECK (n < 100)); CREATE TABLE c(id INTEGER PRIMARY KEY, p REFERENCES p(id)); CREATE TABLE log(line);"
                      "INSERT INTO p VALUES(1, 'a', 1), (2, 'b', 2), (3, 'c', 3); INSERT INTO c VALUES(1, 1), (2, 2), (3, 3); INSERT INTO log VALUES('x'), ('y'), ('z')");
    const auto number = format("{}", must(try_backup({database})).number);
    execute(database, "UPDATE p SET n = 50; DELETE FROM p WHERE id = 3; INSERT INTO p VALUES(9, 'c', 9); DELETE FROM c; INSERT INTO c VALUES(1, 2); UPDATE log SET line = 'w' WHERE rowid = 3; DELETE FROM log WHERE rowid = 1");
    const auto content = [&] {
        auto connection = connect(database);
        return must(connection.text("SELECT (SELECT group_concat(p.id || p.u || p.n) FROM p) || '/' || (SELECT group_concat(id || ':' || p) FROM c) || '/' || (SELECT group_concat(rowid || line) FROM log)"));
    };
    const auto before = content();
    struct Refused {
        std::vector<std::string> tables;
        std::string on_conflict;
        ErrorCode code;
    };
    for (const auto& [tables, on_conflict, code] : std::vector<Refused>{{{"p"}, "", ErrorCode::exists}, {{"c"}, "", ErrorCode::exists}, {{"c"}, "replace", ErrorCode::invalid}, {{"log"}, "", ErrorCode::exists}, {{"c", "p"}, "fail", ErrorCode::exists}}) {
        auto refused = request();
        refused.snapshot = number;
        refused.rows.tables = tables;
        refused.rows.on_conflict = on_conflict;
        EXPECT_THAT(restore(context, refused), FailsWith(code)) << tables.front();
        EXPECT_EQ(content(), before) << tables.front();
    }
}

// The repository cannot take the backup: nothing is written, unless that is meant.
TEST_F(RestoreRows, WithoutABackupNothingIsWritten) {
    execute(database, "DELETE FROM ledger WHERE n = 5");
    const auto now = rows_of(database);
    files.read_only.push_back(repository);
    EXPECT_THAT(restore(context, request({"5"})), FailsWith(ErrorCode::denied));
    EXPECT_EQ(rows_of(database), now);
    auto meant = request({"5"});
    meant.no_safety_backup = true;
    const auto report = must(restore(context, meant));
    EXPECT_EQ(report.safety_number, 0u);
    ASSERT_FALSE(report.warnings.empty());
    EXPECT_THAT(report.warnings.front(), HasSubstr("no backup of the state before"));
    EXPECT_EQ(rows_of(database), before_);
}

TEST_F(RestoreRows, AWriterInTheWayIsNamedAndNothingHappens) {
    execute(database, "DELETE FROM ledger WHERE n = 5");
    auto writer = connect(database);
    must(writer.execute("BEGIN IMMEDIATE"));
    EXPECT_THAT(restore(context, request({"5"})), FailsWith(ErrorCode::busy));
    EXPECT_EQ(numbers().size(), 1u);
    must(writer.execute("ROLLBACK"));
    EXPECT_THAT(restore(context, request({"5"})), Succeeds());
}

TEST_F(RestoreRows, OfSeveralDatabasesTheOneThatHasTheTableIsMeant) {
    const std::string other = work + "/other.db";
    execute(other, "CREATE TABLE people(id TEXT PRIMARY KEY); INSERT INTO people VALUES('a')");
    const auto both = must(try_backup({database, other})).number;
    execute(other, "DELETE FROM people");
    auto people = restore_request(format("{}", both));
    people.rows.tables = {"people"};
    EXPECT_EQ(must(restore(context, people)).rows.database, other);
    execute(database, "CREATE TABLE people(id TEXT PRIMARY KEY); INSERT INTO people VALUES('b')");
    people.snapshot = format("{}", must(try_backup({database, other})).number);
    EXPECT_THAT(restore(context, people), FailsWith(ErrorCode::invalid));
    people.only = {"other.db"};
    EXPECT_EQ(must(restore(context, people)).rows.database, other);
}

TEST_F(RestoreRows, ItIsToldInTheRecoveryLog) {
    execute(database, "DELETE FROM ledger WHERE n = 5; UPDATE ledger SET payload = 'x' WHERE n = 6");
    auto told = request({"5", "6"});
    told.recovery_log = work + "/RECOVERY.md";
    told.cause = "somebody's DELETE";
    const auto report = must(restore(context, told));
    EXPECT_EQ(report.data_lost, format("what 1 rows held before (it is in backup #{})", report.safety_number));
    const std::string log(text_of(tests::file_bytes(told.recovery_log)));
    EXPECT_THAT(log, HasSubstr("Restored 2 rows of app.db"));
    EXPECT_THAT(log, HasSubstr("- Cause: somebody's DELETE"));
    EXPECT_THAT(log, HasSubstr("- Backup used: #1 of "));
}

TEST_F(RestoreRows, WhatCannotBeMeantIsRefused) {
    auto nothing = request();
    nothing.rows.tables.clear();
    nothing.rows.where = "1";
    EXPECT_THAT(restore(context, nothing), FailsWith(ErrorCode::invalid));
    auto none = request();
    none.rows.where = "n > 10000";
    EXPECT_THAT(restore(context, none), FailsWith(ErrorCode::not_found));
    std::filesystem::remove(database);
    const auto gone = restore(context, request());
    ASSERT_THAT(gone, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(gone.error().advice(), HasSubstr("holdfast restore 1 brings back the whole database"));
    auto file = request({"7"});
    file.to = work + "/seven.db";
    EXPECT_THAT(restore(context, file), Succeeds());
    auto seven = connect(file.to);
    EXPECT_EQ(must(seven.integer("SELECT n FROM ledger")), 7);
    EXPECT_EQ(must(seven.text("PRAGMA integrity_check")), "ok");
    EXPECT_THAT(restore(context, file), FailsWith(ErrorCode::exists));
}

TEST_F(RestoreRows, WhatIsDamagedInTheRepositoryIsNamed) {
    const std::string large = work + "/large.db";
    create_database(large, 3000, {.mode = "delete"});
    auto of_large = request();
    of_large.snapshot = format("{}", must(try_backup({large})).number);
    execute(large, "DELETE FROM ledger");
    const auto now = rows_of(large);
    std::string pack;
    std::uintmax_t size = 0;
    for (const auto& [path, bytes] : files_below(repository + "/packs")) {
        if (bytes.size() > size) pack = path, size = bytes.size();
    }
    for (std::uintmax_t at = size / 8; at < size; at += size / 8) overwrite(pack, at, "xxxxxxxx");
    const auto refused = restore(context, of_large);
    ASSERT_THAT(refused, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(refused.error().message(), HasSubstr(std::filesystem::path(pack).filename().string()));
    EXPECT_THAT(refused.error().message(), HasSubstr("the backup cannot be read"));
    EXPECT_EQ(rows_of(large), now);
}

}  // namespace
}  // namespace holdfast::operations

#include "holdfast/operations/backup.h"

#include "holdfast/host/environment.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Backing : public World {
protected:
    Backing() { make_repository(); }
    Result<BackupReport> skip_unchanged(const std::string& comment = "") {
        auto request = backup_request({database});
        request.skip_unchanged = true;
        request.purpose.comment = comment;
        return operations::backup(context, request);
    }
    // Every row of the backup, as SQLite reads them in a restored copy.
    std::string rows_in(std::uint64_t number, const std::string& name = "app.db") {
        const std::string to = root / format("copies {}", ++copies_);
        must(files.make_folder(to, 0755));
        must(restore_to(std::to_string(number), to));
        return rows_of(to + "/" + name);
    }

private:
    int copies_ = 0;
};

// One of two has not changed: it is held with the other, and taken over.
TEST_F(Backing, SeveralDatabasesComeBackAsTheyWereTogether) {
    const std::string other = work + "/other.db";
    create_database(database, 50);
    create_database(other, 50, {.mode = "delete"});
    clock.ahead_s = 10;
    must(try_backup({database, other}));
    for (const auto& path : {database, other, database}) {
        insert(path, 10);
        const auto report = must(try_backup({database, other}));
        EXPECT_FALSE(report.is_incomplete());
        ASSERT_EQ(report.databases.size(), 2u);
        EXPECT_EQ(report.databases[0].unchanged + report.databases[1].unchanged, 1);
        EXPECT_EQ(rows_in(report.number), rows_of(database));
        EXPECT_EQ(rows_in(report.number, "other.db"), rows_of(other));
    }
    EXPECT_THAT(verify_all().damage, IsEmpty());
}

// A writer that does not let go keeps them from being frozen together: that is told, and what was of one moment stays the
// first choice.
TEST_F(Backing, WhatIsNotOfOneMomentIsTold) {
    const std::string other = work + "/other.db";
    create_database(database, 50);
    create_database(other, 50);
    const auto whole = must(try_backup({database, other})).number;
    insert(database, 1);
    auto writer = connect(other);
    must(writer.execute("BEGIN IMMEDIATE; INSERT INTO ledger(payload) VALUES ('not committed')"));
    auto request = backup_request({database, other});
    request.wait_s = 0;
    const auto skewed = must(operations::backup(context, request));
    EXPECT_TRUE(skewed.skewed && skewed.is_incomplete());
    EXPECT_FALSE(skewed.partial);
    EXPECT_THAT(skewed.skew, HasSubstr("other.db"));
    EXPECT_EQ(listed().backups.front().state, "not of one moment");
    EXPECT_EQ(shown("latest").backup.number, whole);
    EXPECT_THAT(shown(std::to_string(skewed.number)).backup.skew, HasSubstr("other.db"));
    EXPECT_THAT(must(status(context, {.repository = in_repository()})).sources.front().skew, HasSubstr("other.db"));
    EXPECT_EQ(rows_in(skewed.number), rows_of(database)) << "it can be restored";
    request.strict = true;
    EXPECT_THAT(operations::backup(context, request), FailsWith(ErrorCode::busy));
    EXPECT_EQ(numbers().front(), skewed.number) << "nothing was recorded";
    must(writer.execute("COMMIT"));
    const auto again = must(operations::backup(context, request));
    EXPECT_FALSE(again.skewed);
    EXPECT_EQ(shown("latest").backup.number, again.number);
}

TEST_F(Backing, EveryStateComesBackInEveryJournalMode) {
    for (const char* mode : {"wal", "delete", "truncate", "persist", "memory", "off"}) {
        const std::string path = work + "/" + mode + ".db";
        create_database(path, 100, {.mode = mode});
        std::map<std::uint64_t, std::string> states;
        for (int turn = 0; turn < 3; ++turn) {
            insert(path, 50);
            states[backup(path).number] = rows_of(path);
        }
        for (const auto& [number, state] : states) EXPECT_EQ(rows_in(number, std::string(mode) + ".db"), state) << mode;
    }
}

TEST_F(Backing, AnOpenConnectionWithUncommittedWorkIsPassedBy) {
    create_database(database, 100);
    auto connection = connect(database);
    must(connection.execute(insertion(10)));
    const std::string committed = rows_of(connection);
    must(connection.execute("BEGIN; " + insertion(500)));
    const auto report = backup();
    EXPECT_EQ(report.databases.at(0).read_as, "wal");
    EXPECT_EQ(report.databases.at(0).writers_blocked_ms, 0);
    must(connection.execute("COMMIT"));
    EXPECT_EQ(rows_in(report.number), committed);
}

TEST_F(Backing, TheReportSaysWhatWasDone) {
    create_database(database, 2000, {.mode = "delete"});
    auto request = backup_request({database});
    request.purpose.comment = "before the migration";
    request.purpose.tags = {"release=1.4", "note=a=b"};
    const auto report = must(operations::backup(context, request));
    const auto size = std::filesystem::file_size(database);
    EXPECT_EQ(report.number, 1u);
    EXPECT_EQ(report.source, "app.db");
    EXPECT_EQ(report.logical_bytes, size);
    EXPECT_EQ(report.pages_changed, size / 4096);
    EXPECT_GE(report.pages_read, size / 4096);
    EXPECT_GT(report.bytes_stored, 0u);
    EXPECT_LT(report.bytes_stored, size);
    ASSERT_EQ(report.databases.size(), 1u);
    EXPECT_EQ(report.databases[0].path, database);
    EXPECT_EQ(report.databases[0].pages, size / 4096);
    EXPECT_EQ(report.databases[0].page_size, 4096u);
    EXPECT_EQ(report.databases[0].read_as, "rollback");
    const auto shown = this->shown("1");
    EXPECT_EQ(shown.backup.comment, "before the migration");
    EXPECT_EQ(shown.backup.tags, request.purpose.tags);
    EXPECT_EQ(shown.backup.id, report.id);
}

TEST_F(Backing, OnlyWhatChangedCounts) {
    create_database(database, 5000, {.mode = "delete"});
    backup();
    execute(database, "UPDATE ledger SET payload = 'x' WHERE n = 2500");
    const auto report = backup();
    EXPECT_FALSE(report.databases.at(0).unchanged);
    EXPECT_GE(report.pages_changed, 2u);
    EXPECT_LT(report.pages_changed, 20u);
    EXPECT_LT(report.bytes_stored, 64u * 1024);
}

TEST_F(Backing, AnUntouchedDatabaseIsNotRead) {
    create_database(database, 500, {.mode = "delete"});
    let_time_pass();
    const auto first = backup();
    EXPECT_FALSE(first.databases.at(0).unchanged);
    const auto second = backup();
    EXPECT_EQ(second.number, 2u);
    EXPECT_TRUE(second.databases.at(0).unchanged);
    EXPECT_EQ(second.bytes_read, 0u);
    EXPECT_EQ(second.logical_bytes, first.logical_bytes);
    EXPECT_EQ(rows_in(2), rows_of(database));
    auto full = backup_request({database});
    full.full = true;
    const auto third = must(operations::backup(context, full));
    EXPECT_GT(third.bytes_read, 0u) << "--full believes nothing";
    EXPECT_TRUE(third.databases.at(0).unchanged);
}

TEST_F(Backing, AChangeWithinTheSameTickAsTheFreezeIsNotMissed) {
    create_database(database, 500, {.mode = "delete"});
    backup();  // the clock has not moved on: the file is younger than a second
    const auto second = backup();
    EXPECT_GT(second.bytes_read, 0u) << "times that are so young prove nothing";
    EXPECT_TRUE(second.databases.at(0).unchanged) << "its bytes do";
    let_time_pass();
    insert(database, 1);
    EXPECT_FALSE(backup().databases.at(0).unchanged);
    EXPECT_EQ(rows_in(3), rows_of(database));
}

TEST_F(Backing, SkipUnchangedConfirmsTheLastOne) {
    create_database(database);
    let_time_pass();  // so that the file's times can be believed, and nothing needs to be read
    backup();
    let_time_pass();
    const auto confirmed = must(skip_unchanged());
    EXPECT_TRUE(confirmed.confirmed_only);
    EXPECT_EQ(confirmed.number, 1u);
    EXPECT_TRUE(shown("1").last_confirmed);
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{1});
    EXPECT_FALSE(must(skip_unchanged("a comment is news")).confirmed_only);
    insert(database, 1);
    EXPECT_FALSE(must(skip_unchanged()).confirmed_only);
    EXPECT_EQ(numbers(), (std::vector<std::uint64_t>{3, 2, 1})) << "to confirm takes no number";
}

TEST_F(Backing, NothingIsConfirmedThatWasForgotten) {
    create_database(database);
    backup();
    let_time_pass();
    must(forget(context, {.repository = in_repository(), .snapshots = {"1"}, .remove_all = true}));
    const auto report = must(skip_unchanged());
    EXPECT_FALSE(report.confirmed_only);
    EXPECT_EQ(report.number, 2u);
}

TEST_F(Backing, SeveralDatabasesAreOneBackup) {
    create_database(database, 50);
    create_database(work + "/jobs.db", 60);
    const auto report = must(try_backup({database, work + "/jobs.db", work + "/./app.db"}));
    EXPECT_EQ(report.number, 1u);
    EXPECT_EQ(report.databases.size(), 2u) << "one named twice is one";
    EXPECT_EQ(rows_in(1, "app.db"), rows_of(database));
    EXPECT_EQ(rows_in(1, "jobs.db"), rows_of(work + "/jobs.db"));
    EXPECT_EQ(backup().source, "/" + database.substr(1)) << "one of them alone is another source";
}

TEST_F(Backing, OneThatFailsHarmsNoOther) {
    create_database(database, 50);
    write(work + "/notes.db", "these are notes, not a database\n");
    const std::vector<std::string> all = {work + "/missing.db", database, work + "/notes.db"};
    const auto report = must(try_backup(all));
    EXPECT_TRUE(report.partial);
    ASSERT_EQ(report.databases.size(), 3u);
    EXPECT_THAT(report.databases[0].error, HasSubstr("missing.db"));
    EXPECT_EQ(report.databases[1].error, "");
    EXPECT_THAT(report.databases[2].error, HasSubstr("not a SQLite database"));
    EXPECT_EQ(listed().backups.at(0).state, "partial");
    EXPECT_EQ(shown("1").failed.size(), 2u);
    auto request = backup_request(all);
    request.all_or_nothing = true;
    EXPECT_THAT(operations::backup(context, request), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{1});
}

TEST_F(Backing, ANameWrittenWronglyMakesNoOtherSource) {
    create_database(database, 50);
    write(work + "/notes.txt", "these are notes, not a database\n");
    backup();
    const auto report = must(try_backup({database, work + "/ap.db", work + "/notes.txt"}));
    EXPECT_TRUE(report.partial);
    EXPECT_THAT(report.databases[1].error, HasSubstr("ap.db"));
    EXPECT_EQ(listed().backups.at(0).state, "partial") << "the record says what the run said";
    EXPECT_EQ(shown("2").failed.size(), 2u);
    EXPECT_EQ(shown("latest").backup.number, 1u) << "there is one source still, and this is its last whole backup";

    create_database(work + "/jobs.db", 5);
    auto request = backup_request({database, work + "/jobs.db", work + "/nothing.db"});
    request.source = "app.db";
    must(operations::backup(context, request));
    EXPECT_EQ(listed().backups.at(0).paths.size(), 2u);
    std::filesystem::remove(work + "/jobs.db");
    request.databases.pop_back();
    EXPECT_TRUE(must(operations::backup(context, request)).partial);
    EXPECT_EQ(listed().backups.at(0).state, "partial") << "one that belongs to it is missing";
}

TEST_F(Backing, WhenAllFailThereIsNoBackup) {
    write(work + "/notes.db", "these are notes, not a database\n");
    EXPECT_THAT(try_backup({work + "/notes.db", work + "/missing.db"}), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(try_backup({work}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(try_backup({}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(try_backup({""}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(Backing, ADatabaseHeldExclusivelyIsToldAndNotWaitedForForEver) {
    create_database(database, 50, {.mode = "delete"});
    create_database(work + "/jobs.db", 50);
    auto holder = connect(database);
    must(holder.execute("BEGIN EXCLUSIVE"));
    auto request = backup_request({database, work + "/jobs.db"});
    request.wait_s = 0;
    const auto report = must(operations::backup(context, request));
    EXPECT_TRUE(report.partial);
    EXPECT_NE(report.databases.at(0).error, "");
    EXPECT_EQ(report.databases.at(1).error, "");
}

TEST_F(Backing, ACorruptSourceIsKeptAsEvidenceAndIsNeverLatest) {
    create_database(database, 500, {.mode = "delete"});
    const std::string good = rows_of(database);
    backup();
    overwrite(database, 100, std::string(3000, 'x'));
    const auto report = backup();
    EXPECT_TRUE(report.damaged);
    EXPECT_TRUE(report.databases.at(0).damaged);
    EXPECT_NE(report.databases.at(0).finding, "");
    EXPECT_EQ(listed().backups.at(0).state, "damaged");
    EXPECT_EQ(shown("latest").backup.number, 1u);
    must(restore_to("2", root / "evidence.db"));
    EXPECT_EQ(hash_of_file(root / "evidence.db"), hash_of_file(database));
    must(restore_to("latest", root / "good.db"));
    EXPECT_EQ(rows_of(root / "good.db"), good);
}

TEST_F(Backing, AFileCutShortIsDamaged) {
    create_database(database, 500, {.mode = "delete"});
    std::filesystem::resize_file(database, std::filesystem::file_size(database) - 4096);
    const auto report = backup();
    EXPECT_TRUE(report.damaged);
    EXPECT_THAT(report.databases.at(0).finding, HasSubstr("cut"));
}

TEST_F(Backing, EmptyAndOnePageDatabases) {
    write(database, "");
    const auto empty = backup();
    EXPECT_EQ(empty.databases.at(0).read_as, "empty");
    must(restore_to("1", root / "empty.db"));
    EXPECT_EQ(std::filesystem::file_size(root / "empty.db"), 0u);
    execute(work + "/one.db", "PRAGMA user_version = 7; PRAGMA application_id = 99");
    backup(work + "/one.db");
    must(restore_to("2", root / "one.db"));
    EXPECT_EQ(hash_of_file(root / "one.db"), hash_of_file(work + "/one.db"));
    EXPECT_EQ(shown("2").members.at(0).user_version, 7u);
    EXPECT_EQ(shown("2").members.at(0).application_id, 99u);
}

TEST_F(Backing, NothingIsLeftBesideOrInsideTheDatabase) {
    for (const char* mode : {"wal", "delete"}) {
        create_database(database, 100, {.mode = mode});
        const auto before = tests::footprint(work);
        backup();
        let_time_pass();
        backup();
        EXPECT_EQ(tests::footprint(work), before) << mode;
        std::filesystem::remove(database);
    }
}

TEST_F(Backing, ASourceIsFoundByItsName) {
    create_database(database);
    auto request = backup_request({database});
    request.source = "the app";
    EXPECT_EQ(must(operations::backup(context, request)).source, "the app");
    std::filesystem::rename(database, work + "/moved.db");
    request.databases = {work + "/moved.db"};
    const auto moved = must(operations::backup(context, request));
    EXPECT_EQ(moved.source, "the app");
    EXPECT_EQ(backup(work + "/moved.db").source, "the app") << "from now on it is there";
}

TEST_F(Backing, LinksLeadToTheirDatabase) {
    create_database(work + "/real.db");
    std::filesystem::create_symlink(work + "/real.db", database);
    EXPECT_EQ(backup().databases.at(0).path, work + "/real.db");
}

TEST_F(Backing, RepositoriesAreNoSources) {
    create_database(repository + "/app.db");
    const auto refused = try_backup({repository + "/app.db"});
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().message(), HasSubstr(repository));
}

TEST_F(Backing, TagsHaveKeys) {
    create_database(database);
    auto request = backup_request({database});
    for (const char* tag : {"=1.4", "=", ""}) {
        request.purpose.tags = {tag};
        EXPECT_THAT(operations::backup(context, request), FailsWith(ErrorCode::invalid)) << tag;
    }
    EXPECT_THAT(numbers(), IsEmpty());
}

TEST_F(Backing, OneDiskForBothIsAWarning) {
    create_database(database);
    EXPECT_THAT(backup().warnings, Contains(HasSubstr("same disk")));
}

TEST_F(Backing, RootIsToldThatTheOwnerCannotReadWhatItStores) {
    if (!host::is_superuser()) GTEST_SKIP() << "only root can write into everybody's repository";
    create_database(database);
    backup();
    insert(database, 1);
    EXPECT_THAT(backup().warnings, IsEmpty());
    ASSERT_EQ(::chown(repository.c_str(), 65534, 65534), 0);
    insert(database, 1);
    EXPECT_THAT(backup().warnings, Contains(HasSubstr("chown")));
}

TEST_F(Backing, ARepositoryThatCannotBeWrittenRefusesTheWhole) {
    create_database(database);
    files.read_only = {repository};
    EXPECT_THAT(try_backup({database}), FailsWith(ErrorCode::denied));
}

TEST_F(Backing, AStopIsHeeded) {
    create_database(database, 3000);
    std::stop_source stop;
    stop.request_stop();
    context.watch.stop = stop.get_token();
    EXPECT_THAT(try_backup({database}), FailsWith(ErrorCode::cancelled));
    context.watch = {};
    EXPECT_THAT(numbers(), IsEmpty());
    EXPECT_EQ(backup().number, 2u) << "a number that was given up is void, and never used again";
}

TEST_F(Backing, AnotherNameOfTheFileIsWorthAWarning) {
    create_database(database, 50);
    EXPECT_THAT(backup().warnings, ::testing::Not(::testing::Contains(HasSubstr("hard links"))));
    std::filesystem::create_hard_link(database, root / "other name.db");
    for (int turn = 0; turn < 2; ++turn) {  // also when nothing changed
        let_time_pass();
        EXPECT_THAT(backup().warnings, ::testing::Contains(HasSubstr("has 2 names"))) << turn;
    }
}

TEST_F(Backing, AnEmptiedDatabaseIsToldUntilItHasContent) {
    write(database, "");
    EXPECT_FALSE(backup().unmet) << "it was never anything else";
    create_database(database, 20);
    EXPECT_FALSE(backup().unmet);
    write(database, "");
    const auto emptied = backup();
    EXPECT_TRUE(emptied.is_incomplete());
    EXPECT_THAT(emptied.warnings, Contains(HasSubstr("is empty; it was not in backup #2")));
    EXPECT_THAT(backup().warnings, Contains(HasSubstr("is empty; it was not in backup #2"))) << "the one before is no measure";
    EXPECT_EQ(numbers().size(), 4u) << "it stops nothing";
    std::filesystem::remove(database);
    create_database(database, 20);
    EXPECT_FALSE(backup().unmet);
}

}  // namespace
}  // namespace holdfast::operations

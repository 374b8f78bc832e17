#include "holdfast/operations/restore.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Restoring : public World {
protected:
    Restoring() { make_repository(); }
    // Backup #1, and another state after it. Returns the rows of both.
    struct TwoStates {
        std::string good, bad;
    };
    TwoStates two_states(const Journal& journal = {}) {
        create_database(database, 300, journal);
        TwoStates states;
        states.good = rows_of(database);
        backup();
        execute(database, "DELETE FROM ledger WHERE n % 3 = 0");
        insert(database, 7);
        states.bad = rows_of(database);
        return states;
    }
    std::uint32_t mode_of(const std::string& path) { return must(files.status(path)).mode; }
    std::string rows_in_safety(const RestoreReport& report) {
        RestoreRequest request;
        request.repository.repository = report.safety_repository;
        request.snapshot = std::to_string(report.safety_number);
        request.to = root / format("safety {}", report.safety_number);
        must(restore(context, request));
        return rows_of(request.to);
    }
    Result<RestoreReport> dry_run(RestoreRequest request) {
        request.dry_run = true;
        return restore(context, request);
    }
};

// --- to a new file ---

TEST_F(Restoring, ANewFileIsTheImageByteForByte) {
    create_database(database, 300, {.mode = "delete"});
    backup();
    const auto report = must(restore_to("1", root / "deep/er/copy.db"));
    EXPECT_EQ(hash_of_file(root / "deep/er/copy.db"), hash_of_file(database));
    ASSERT_EQ(report.databases.size(), 1u);
    EXPECT_EQ(report.databases[0].route, "new-file");
    EXPECT_EQ(report.databases[0].from, database);
    EXPECT_EQ(report.databases[0].to, root / "deep/er/copy.db");
    EXPECT_EQ(report.databases[0].check, "ok");
    EXPECT_EQ(report.databases[0].bytes, std::filesystem::file_size(database));
    EXPECT_EQ(report.safety_number, 0u);
    EXPECT_EQ(files_below(root / "deep").size(), 1u) << "the check leaves no -wal and no -shm";
}

TEST_F(Restoring, AWalDatabaseIsOneFileAfterwards) {
    create_database(database, 300);
    auto application = connect(database);
    must(application.execute(insertion(20)));
    backup();
    must(restore_to("1", root / "copy.db"));
    EXPECT_FALSE(exists(root / "copy.db-wal"));
    EXPECT_FALSE(exists(root / "copy.db-shm"));
    EXPECT_EQ(rows_of(root / "copy.db"), rows_of(application));
}

TEST_F(Restoring, AFileThatIsThereIsNotTouched) {
    two_states();
    write(root / "there.db", "mine");
    const auto refused = restore_to("1", root / "there.db");
    ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--force"));
    EXPECT_EQ(text_of(tests::file_bytes(root / "there.db")), "mine");
}

TEST_F(Restoring, ForceKeepsTheOldFileAside) {
    const auto states = two_states();
    for (const char* name : {"text.db", "usable.db", "other pages.db"}) {
        const std::string path = root / name;
        if (std::string_view(name) == "text.db") write(path, "mine");
        else create_database(path, 3, {.mode = "delete", .page_size = std::string_view(name) == "usable.db" ? 4096u : 1024u});
        const std::string old = hash_of_file(path);
        must(files.set_mode(path, 0640));
        auto request = restore_request("1");
        request.to = path;
        request.force = true;
        const auto plan = must(dry_run(request));
        EXPECT_EQ(hash_of_file(path), old);
        const auto report = must(restore(context, request));
        EXPECT_EQ(plan.databases.at(0).route, report.databases.at(0).route);
        EXPECT_EQ(rows_of(path), states.good) << name;
        ASSERT_EQ(report.databases.at(0).moved_aside.size(), 1u) << name;
        EXPECT_EQ(hash_of_file(report.databases[0].moved_aside[0]), old) << name;
        EXPECT_EQ(mode_of(path), 0640u) << "as open to others as the old one, whatever the backup says";
    }
}

TEST_F(Restoring, AFolderTakesTheFileUnderItsName) {
    const auto states = two_states();
    must(restore_to("1", root.path()));
    EXPECT_EQ(rows_of(root / "app.db"), states.good);
}

TEST_F(Restoring, SeveralDatabasesGoIntoAFolderAsTheyLay) {
    must(files.make_folder(work + "/a", 0755));
    must(files.make_folder(work + "/b", 0755));
    create_database(work + "/a/app.db", 10);
    create_database(work + "/b/app.db", 20);
    must(try_backup({work + "/a/app.db", work + "/b/app.db"}));
    const auto report = must(restore_to("1", root / "copies"));
    EXPECT_EQ(report.databases.size(), 2u);
    EXPECT_EQ(rows_of(root / "copies/a/app.db"), rows_of(work + "/a/app.db"));
    EXPECT_EQ(rows_of(root / "copies/b/app.db"), rows_of(work + "/b/app.db"));
}

TEST_F(Restoring, ARepositoryIsNoPlaceForADatabase) {
    two_states();
    const auto before = files_below(repository);
    EXPECT_THAT(restore_to("1", repository + "/packs/x.db"), FailsWith(ErrorCode::invalid));
    EXPECT_FALSE(exists(repository + "/packs/x.db"));
}

TEST_F(Restoring, TheModeIsKept) {
    create_database(database, 10, {.mode = "delete"});
    std::filesystem::permissions(database, std::filesystem::perms(0640));
    backup();
    must(restore_to("1", root / "copy.db"));
    EXPECT_EQ(mode_of(root / "copy.db"), 0640u);
    std::filesystem::remove(database);
    must(restore_in_place("1"));
    EXPECT_EQ(mode_of(database), 0640u);
}

TEST_F(Restoring, AMissingCollationIsToldAndFailsNothing) {
    create_database(database, 10, {.mode = "delete"});
    {
        auto connection = connect(database);
        const auto compare = [](void*, int, const void*, int, const void*) { return 0; };
        ASSERT_EQ(sqlite3_create_collation(connection.handle(), "backwards", SQLITE_UTF8, nullptr, compare), SQLITE_OK);
        must(connection.execute("CREATE TABLE t(x COLLATE backwards); CREATE INDEX i ON t(x); INSERT INTO t VALUES ('a')"));
    }
    backup();
    const auto report = must(restore_to("1", root / "copy.db"));
    EXPECT_EQ(report.databases.at(0).check, "could not");
    EXPECT_THAT(report.databases.at(0).findings, Contains(HasSubstr("backwards")));
    EXPECT_THAT(restore_in_place("1"), Succeeds());
}

// --- in place ---

TEST_F(Restoring, InPlaceThroughSqliteWithASafetyBackupOfWhatWasThere) {
    for (const char* mode : {"wal", "delete", "truncate", "persist"}) {
        const auto states = two_states({.mode = mode});
        auto application = connect(database);  // open, idle
        EXPECT_EQ(rows_of(application), states.bad);
        const auto first = listed().backups.at(0).number;
        const auto plan = must(dry_run(restore_request(std::to_string(first))));
        const auto report = must(restore_in_place(std::to_string(first)));
        EXPECT_EQ(report.databases.at(0).route, "transaction") << mode;
        EXPECT_EQ(plan.databases.at(0).route, "transaction");
        EXPECT_EQ(plan.databases.at(0).why, report.databases.at(0).why);
        EXPECT_EQ(report.databases.at(0).check, "ok");
        EXPECT_EQ(rows_of(application), states.good) << mode;
        must(application.execute(insertion(1)));
        EXPECT_EQ(report.safety_repository, repository);
        EXPECT_EQ(rows_in_safety(report), states.bad) << mode;
        for (const auto& entry : listed().backups) {
            if (entry.number == report.safety_number) { EXPECT_EQ(entry.kind, "safety"); }
        }
        EXPECT_EQ(shown("latest").backup.number, first) << "a safety backup is never latest";
        application = connect(root / format("elsewhere {}.db", mode));
        std::filesystem::remove(root / format("safety {}", report.safety_number));
        for (const char* end : {"", "-wal", "-shm", "-journal"}) std::filesystem::remove(database + end);
    }
}

TEST_F(Restoring, TheSafetyBackupUndoesTheRestore) {
    const auto states = two_states();
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(rows_of(database), states.good);
    must(restore_in_place(std::to_string(report.safety_number)));
    EXPECT_EQ(rows_of(database), states.bad);
}

TEST_F(Restoring, ADryRunChangesNothingAndSaysWhatTheRealOneDoes) {
    two_states();
    const auto before = files_below(root.path());
    for (const char* to : {"", "copy.db"}) {
        auto request = restore_request("1");
        if (*to) request.to = root / to;
        const auto plan = must(dry_run(request));
        EXPECT_TRUE(plan.dry_run);
        EXPECT_EQ(plan.safety_number, 0u);
        EXPECT_EQ(plan.safety_repository, *to ? "" : repository);
        EXPECT_EQ(files_below(root.path()), before) << to;
        const auto report = must(restore(context, request));
        EXPECT_EQ(report.number, plan.number);
        ASSERT_EQ(report.databases.size(), plan.databases.size());
        EXPECT_EQ(report.databases[0].route, plan.databases[0].route);
        EXPECT_EQ(report.databases[0].to, plan.databases[0].to);
        EXPECT_EQ(report.databases[0].bytes, plan.databases[0].bytes);
        EXPECT_EQ(report.safety_repository, plan.safety_repository);
        break;
    }
}

TEST_F(Restoring, ADeletedDatabaseComesBackWhereItWas) {
    create_database(database, 100, {.mode = "delete"});
    const std::string hash = hash_of_file(database);
    backup();
    std::filesystem::remove_all(work);
    std::filesystem::current_path("/");
    const auto report = must(restore_in_place("latest"));
    EXPECT_EQ(report.databases.at(0).route, "new-file");
    EXPECT_EQ(report.safety_number, 0u);
    EXPECT_EQ(hash_of_file(database), hash);
}

TEST_F(Restoring, AStaleLogOfADeletedDatabaseDoesNotUndoTheRestore) {
    const auto states = two_states();
    {
        auto application = connect(database);
        must(application.execute(insertion(3)));
        std::filesystem::copy_file(database + "-wal", root / "wal");
    }
    std::filesystem::remove(database);
    std::filesystem::copy_file(root / "wal", database + "-wal");
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(rows_of(database), states.good);
    EXPECT_FALSE(report.databases.at(0).moved_aside.empty());
}

TEST_F(Restoring, ADamagedOriginalIsKeptByteForByte) {
    const auto states = two_states({.mode = "delete"});
    overwrite(database, 0, std::string(2000, 'x'));
    write(database + "-journal", "left over");
    const std::string damaged = hash_of_file(database);
    const auto plan = must(dry_run(restore_request("1")));
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(report.databases.at(0).route, "swap");
    EXPECT_EQ(plan.databases.at(0).route, "swap");
    EXPECT_EQ(rows_of(database), states.good);
    ASSERT_GT(report.safety_number, 0u);
    const auto shown = this->shown(std::to_string(report.safety_number));
    ASSERT_EQ(shown.members.size(), 2u);
    EXPECT_EQ(shown.members[0].kind, "raw");
    must(restore_to(std::to_string(report.safety_number), root / "evidence"));
    EXPECT_EQ(hash_of_file(root / "evidence/app.db"), damaged);
    EXPECT_EQ(text_of(tests::file_bytes(root / "evidence/app.db-journal")), "left over");
    EXPECT_THAT(restore_in_place(std::to_string(report.safety_number)), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(rows_of(database), states.good);
}

TEST_F(Restoring, AnotherPageSizeIsRefusedWithNothingChanged) {
    create_database(database, 100, {.mode = "delete", .page_size = 4096});
    backup();
    std::filesystem::remove(database);
    create_database(database, 100, {.mode = "delete", .page_size = 1024});
    const auto before = files_below(root.path());
    const auto refused = restore_in_place("1");
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--offline"));
    EXPECT_EQ(files_below(root.path()), before);
}

TEST_F(Restoring, OfflineBringsBackAnotherPageSizeAndItsSafetyBackupIsADatabase) {
    create_database(database, 100, {.mode = "delete", .page_size = 4096});
    const std::string good = rows_of(database);
    backup();
    std::filesystem::remove(database);
    create_database(database, 40, {.mode = "delete", .page_size = 1024});
    const std::string bad = rows_of(database);
    auto request = restore_request("1");
    request.offline = true;
    const auto report = must(restore(context, request));
    EXPECT_EQ(rows_of(database), good);
    EXPECT_EQ(rows_in_safety(report), bad);
}

TEST_F(Restoring, AWriterThatStaysIsARefusalWithNothingChanged) {
    two_states({.mode = "delete"});
    const auto before = files_below(work);
    {
        auto writer = connect(database);
        must(writer.execute("BEGIN IMMEDIATE"));
        auto request = restore_request("1");
        request.wait_s = 0;
        EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::busy));
    }
    EXPECT_EQ(files_below(work), before);
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{1});
}

TEST_F(Restoring, SeveralDatabasesAreLockedTogetherAndSavedAsOneBackup) {
    create_database(database, 30);
    create_database(work + "/jobs.db", 40, {.mode = "delete"});
    const std::vector<std::string> both = {database, work + "/jobs.db"};
    const std::vector<std::string> good = {rows_of(both[0]), rows_of(both[1])};
    must(try_backup(both));
    for (const auto& path : both) insert(path, 5);
    const std::vector<std::string> bad = {rows_of(both[0]), rows_of(both[1])};
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(rows_of(both[0]), good[0]);
    EXPECT_EQ(rows_of(both[1]), good[1]);
    EXPECT_EQ(numbers(), (std::vector<std::uint64_t>{2, 1}));
    must(restore_to(std::to_string(report.safety_number), root / "before"));
    EXPECT_EQ(rows_of(root / "before/app.db"), bad[0]);
    EXPECT_EQ(rows_of(root / "before/jobs.db"), bad[1]);
}

TEST_F(Restoring, OneOfSeveralThatCannotBeReplacedRefusesAll) {
    create_database(database, 30);
    create_database(work + "/jobs.db", 40, {.mode = "delete"});
    must(try_backup({database, work + "/jobs.db"}));
    for (const char* name : {"/app.db", "/jobs.db"}) insert(work + name, 5);
    auto writer = connect(work + "/jobs.db");
    must(writer.execute("BEGIN IMMEDIATE"));
    const std::string bad = rows_of(database);
    auto request = restore_request("1");
    request.wait_s = 0;
    EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::busy));
    must(writer.execute("ROLLBACK"));
    EXPECT_EQ(rows_of(database), bad);
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{1});
}

// --- the safety backup ---

TEST_F(Restoring, AReadOnlyRepositoryRestoresWithTheSafetyBackupBeside) {
    const auto states = two_states();
    files.read_only = {repository};
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(rows_of(database), states.good);
    EXPECT_EQ(report.safety_repository, work + "/.holdfast-safety");
    EXPECT_THAT(report.warnings, Contains(HasSubstr(".holdfast-safety")));
    EXPECT_EQ(rows_in_safety(report), states.bad);
    insert(database, 3);
    EXPECT_EQ(must(restore_in_place("1")).safety_number, 2u) << "the next one goes there too";
}

TEST_F(Restoring, ForceIsForNewFilesOnly) {
    two_states();
    auto request = restore_request("1");
    request.force = true;
    EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::invalid));
}

TEST_F(Restoring, OneOfSeveralIsRestoredAlone) {
    const std::string jobs = work + "/jobs.db";
    create_database(database, 30);
    create_database(jobs, 30);
    const std::string good = rows_of(jobs);
    must(try_backup({database, jobs}));
    for (const auto& path : {database, jobs}) execute(path, "DELETE FROM ledger WHERE n > 10");
    const std::string changed = rows_of(database);

    auto by_source = restore_request("1");
    by_source.source = jobs;
    const auto refused = restore(context, by_source);
    ASSERT_THAT(refused, FailsWith(ErrorCode::invalid)) << "it would replace the other one, too";
    EXPECT_THAT(refused.error().advice(), HasSubstr("--only"));

    auto request = restore_request("1");
    request.only = {"jobs.db"};
    const auto report = must(restore(context, request));
    EXPECT_EQ(report.databases.size(), 1u);
    EXPECT_EQ(rows_of(jobs), good);
    EXPECT_EQ(rows_of(database), changed);
    request.only = {"nothing.db"};
    EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::not_found));
}

TEST_F(Restoring, APartialBackupLiesAsAWholeOneDoes) {
    create_database(database, 30);
    must(files.make_folder(work + "/sub", 0755));
    create_database(work + "/sub/jobs.db", 30);
    must(try_backup({database, work + "/sub/jobs.db"}));
    std::filesystem::remove(work + "/sub/jobs.db");
    ASSERT_TRUE(must(try_backup({database, work + "/sub/jobs.db"})).partial);
    must(restore_to("1", root / "whole"));
    must(files.make_folder(root / "partial", 0755));
    must(restore_to("2", root / "partial"));
    must(restore_to("2", root / "one.db"));
    EXPECT_TRUE(exists(root / "whole/app.db"));
    EXPECT_TRUE(exists(root / "whole/sub/jobs.db"));
    EXPECT_TRUE(exists(root / "partial/app.db"));
    EXPECT_EQ(rows_of(root / "one.db"), rows_of(database)) << "one database, and a name that is no folder: a file";
}

TEST_F(Restoring, WithoutASafetyBackupNothingIsReplacedUnlessAsked) {
    const auto states = two_states();
    files.read_only = {repository, work + "/.holdfast-safety"};
    const auto before = rows_of(database);
    const auto refused = restore_in_place("1");
    ASSERT_THAT(refused, FailsWith(ErrorCode::denied));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--no-safety-backup"));
    EXPECT_EQ(rows_of(database), before);
    auto request = restore_request("1");
    request.no_safety_backup = true;
    const auto report = must(restore(context, request));
    EXPECT_EQ(report.safety_number, 0u);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("no safety backup")));
    EXPECT_EQ(rows_of(database), states.good);
}

// --- what is proven ---

TEST_F(Restoring, ADamagedBackupIsRefusedBeforeAnythingIsTouched) {
    two_states();
    for (const auto& [path, bytes] : files_below(repository + "/packs")) overwrite(path, bytes.size() / 2, "xxxxxxxx");
    const auto before = files_below(work);
    const auto refused = restore_in_place("1");
    ASSERT_THAT(refused, FailsWith(ErrorCode::corrupt));
    EXPECT_EQ(files_below(work), before);
    EXPECT_THAT(restore_to("1", root / "copy.db"), FailsWith(ErrorCode::corrupt));
    EXPECT_FALSE(exists(root / "copy.db"));
    EXPECT_EQ(numbers(), std::vector<std::uint64_t>{1}) << "no safety backup of a restore that was not made";
}

TEST_F(Restoring, AnImageThatSqliteFindsDamagedReplacesNothingUnlessAsked) {
    create_database(database, 500, {.mode = "delete"});
    const auto good = rows_of(database);
    overwrite(database, 5 * 4096 + 8, std::string(200, '\x7F'));  // a page far from the schema: a backup does not see it
    EXPECT_FALSE(backup().damaged);
    std::filesystem::remove(database);
    create_database(database, 10, {.mode = "delete"});
    const auto before = files_below(work);
    const auto refused = restore_in_place("1");
    ASSERT_THAT(refused, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(refused.error().advice(), HasSubstr("--no-check"));
    EXPECT_EQ(files_below(work), before);
    const auto copy = must(restore_to("1", root / "copy.db"));
    EXPECT_EQ(copy.databases.at(0).check, "damaged");
    EXPECT_THAT(copy.databases.at(0).findings, Not(IsEmpty()));
    auto request = restore_request("1");
    request.no_check = true;
    EXPECT_EQ(must(restore(context, request)).databases.at(0).check, "left out");
}

TEST_F(Restoring, TheSourceThatWasKnownToBeDamagedIsBroughtBackAsItWas) {
    create_database(database, 500, {.mode = "delete"});
    overwrite(database, 100, std::string(3000, 'x'));
    const std::string evidence = hash_of_file(database);
    EXPECT_TRUE(backup().damaged);
    std::filesystem::remove(database);
    const auto report = must(restore_in_place("1"));
    EXPECT_EQ(hash_of_file(database), evidence);
    EXPECT_EQ(report.databases.at(0).check, "damaged");
    EXPECT_THAT(report.databases.at(0).notes, Contains(HasSubstr("damaged already")));
}

// --- which one ---

TEST_F(Restoring, ATimeTellsItsGap) {
    create_database(database, 10);
    backup();
    clock.ahead_s += 3600;
    insert(database, 1);
    backup();
    auto request = restore_request("latest");
    request.at = "30 minutes ago";
    request.to = root / "copy.db";
    const auto report = must(restore(context, request));
    EXPECT_EQ(report.number, 1u);
    EXPECT_NEAR(static_cast<double>(report.gap_s), 1800, 30);
    request.snapshot = "2";
    EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::invalid)) << "both a number and a time";
    request.snapshot = "latest";
    request.at = "2 days ago";
    EXPECT_THAT(restore(context, request), FailsWith(ErrorCode::not_found));
}

TEST_F(Restoring, AnUnknownNumberNamesItsNeighbours) {
    two_states();
    const auto unknown = restore_to("7", root / "copy.db");
    ASSERT_THAT(unknown, FailsWith(ErrorCode::not_found));
    EXPECT_THAT(unknown.error().text(), HasSubstr("#1"));
}

TEST_F(Restoring, NoLeaseIsLeftBehind) {
    two_states();
    must(restore_to("1", root / "copy.db"));
    must(restore_in_place("1"));
    EXPECT_TRUE(!exists(repository + "/leases") || std::filesystem::is_empty(repository + "/leases"));
    EXPECT_TRUE(std::filesystem::is_empty(repository + "/sessions"));
}

}  // namespace
}  // namespace holdfast::operations

#include "holdfast/operations/list.h"

#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Listing : public World {
protected:
    Listing() { make_repository(); }
    StatusReport state() { return must(status(context, {.repository = in_repository()})); }
};

TEST_F(Listing, NewestFirstWithWhatWasSaid) {
    create_database(database, 100);
    auto request = backup_request({database});
    for (const char* comment : {"one", "two", "three"}) {
        request.purpose.comment = comment;
        insert(database, 1);
        must(operations::backup(context, request));
    }
    const auto report = listed();
    EXPECT_EQ(report.repository, repository);
    ASSERT_EQ(report.backups.size(), 3u);
    EXPECT_EQ(report.backups[0].number, 3u);
    EXPECT_EQ(report.backups[0].comment, "three");
    EXPECT_EQ(report.backups[0].kind, "manual");
    EXPECT_EQ(report.backups[0].state, "ok");
    EXPECT_THAT(report.backups[0].paths, ElementsAre(database));
    EXPECT_GT(report.backups[0].bytes_stored, 0u);
    ListRequest last;
    last.repository = in_repository();
    last.last = 2;
    EXPECT_EQ(must(list(context, last)).backups.size(), 2u);
}

TEST_F(Listing, OneThatCannotBeReadIsInTheListAndTold) {
    create_database(database, 100);
    for (int turn = 0; turn < 3; ++turn) backup();
    for (const char* name : {"/snapshots/2", "/snapshots/2.copy"}) overwrite(repository + name, 60, "xxxx");
    const auto report = listed();
    ASSERT_EQ(report.backups.size(), 3u);
    EXPECT_EQ(report.backups[1].number, 2u);
    EXPECT_EQ(report.backups[1].state, "unreadable");
    EXPECT_FALSE(report.damage.empty());
}

TEST_F(Listing, ShowTellsTheHashThatSha256sumTells) {
    create_database(database, 2000, {.mode = "delete"});
    backup();
    insert(database, 10);
    backup();
    for (const char* number : {"1", "2", "2"}) {
        const std::string to = root / (std::string("copy ") + number);
        if (!exists(to)) must(restore_to(number, to));
        EXPECT_EQ(shown(number).members.at(0).sha256, hash_of_file(to)) << number;
    }
}

TEST_F(Listing, AHashThatHadToBeComputedIsNoted) {
    create_database(database, 2000, {.mode = "delete"});
    backup();
    insert(database, 1);
    backup();
    const auto first = shown("2");
    const auto notes = files_below(repository + "/packs").size();
    EXPECT_EQ(shown("2").members.at(0).sha256, first.members.at(0).sha256);
    EXPECT_EQ(files_below(repository + "/packs").size(), notes);
    files.read_only = {repository};
    EXPECT_EQ(shown("1").members.at(0).sha256.size(), 64u) << "a repository that cannot be written tells it too";
}

TEST_F(Listing, ShowTellsWhatIsKnownOfTheDatabase) {
    create_database(database, 10);
    execute(database, "PRAGMA user_version = 12");
    backup();
    const auto report = shown("latest");
    ASSERT_EQ(report.members.size(), 1u);
    const auto& member = report.members[0];
    EXPECT_EQ(member.path, database);
    EXPECT_EQ(member.kind, "database");
    EXPECT_EQ(member.journal_mode, "wal");
    EXPECT_EQ(member.encoding, "UTF-8");
    EXPECT_EQ(member.page_size, 4096u);
    EXPECT_EQ(member.size, member.pages * 4096);
    EXPECT_EQ(member.user_version, 12u);
    EXPECT_EQ(member.schema_hash.size(), 64u);
    EXPECT_THAT(report.program, HasSubstr("holdfast "));
    EXPECT_EQ(report.verified, "");
    execute(database, "CREATE TABLE more(x)");
    backup();
    EXPECT_NE(shown("2").members.at(0).schema_hash, member.schema_hash);
}

TEST_F(Listing, StatusTellsEachSource) {
    create_database(database, 100);
    create_database(work + "/jobs.db", 50);
    backup();
    backup(work + "/jobs.db");
    insert(database, 1);
    const auto third = backup();
    clock.ahead_s += 600;
    const auto report = state();
    EXPECT_EQ(report.repository, repository);
    EXPECT_GT(report.repository_bytes, 0u);
    EXPECT_GT(report.free_bytes, 0u);
    ASSERT_EQ(report.sources.size(), 2u);
    EXPECT_EQ(report.sources[0].name, "app.db");
    EXPECT_EQ(report.sources[0].backups, 2u);
    EXPECT_EQ(report.sources[0].last_number, 3u);
    EXPECT_EQ(report.sources[0].last_backup, third.time);
    EXPECT_NEAR(static_cast<double>(report.sources[0].age_s.value()), 600, 30);
    EXPECT_EQ(report.sources[1].backups, 1u);
    EXPECT_THAT(report.unfinished, IsEmpty());
    EXPECT_THAT(report.damage, IsEmpty());
}

TEST_F(Listing, AConfirmationMakesASourceYoungAgain) {
    create_database(database, 100);
    backup();
    clock.ahead_s += 600;
    auto request = backup_request({database});
    request.skip_unchanged = true;
    EXPECT_TRUE(must(operations::backup(context, request)).confirmed_only);
    const auto report = state();
    EXPECT_LT(report.sources.at(0).age_s, 60);
    EXPECT_LT(report.sources.at(0).last_backup, report.sources.at(0).last_confirmed);
}

TEST_F(Listing, DamagedPartialAndSafetyBackupsAreNotTheLastBackup) {
    create_database(database, 200, {.mode = "delete"});
    backup();
    must(restore_in_place("1"));
    overwrite(database, 100, std::string(3000, 'x'));
    backup();
    EXPECT_EQ(numbers().front(), 3u);
    EXPECT_EQ(state().sources.at(0).last_number, 1u);
}

TEST_F(Listing, ABackupThatDiedIsUnfinished) {
    create_database(database, 100);
    backup();
    std::filesystem::create_directories(repository + "/sessions");
    write(repository + "/sessions/2", "torn by a power cut");
    EXPECT_THAT(state().unfinished, Contains(HasSubstr("#2")));
}

}  // namespace
}  // namespace holdfast::operations

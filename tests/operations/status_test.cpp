#include "holdfast/operations/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/base/shell_word.h"
#include "holdfast/operations/drill.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Watching : public World {
protected:
    Watching() {
        make_repository();
        create_database(database, 100);
    }
    StatusReport state(const std::string& rpo = "", const std::string& rto = "", const std::string& proof = "") {
        StatusRequest request;
        request.repository = in_repository();
        request.rpo = rpo;
        request.rto = rto;
        request.proof = proof;
        return must(status(context, request));
    }
    DrillReport drill_newest(const std::string& expect = "") {
        DrillRequest request;
        request.repository = in_repository();
        request.folder = root / "";
        if (!expect.empty()) request.expect = {expect};
        return must(drill(context, request));
    }
};

TEST_F(Watching, WithoutTargetsNothingIsMissed) {
    backup();
    clock.ahead_s += 1'000'000;
    EXPECT_THAT(state().missed, IsEmpty());
}

TEST_F(Watching, AnOldBackupMissesItsTargetUntilItIsConfirmed) {
    auto request = backup_request({database});
    request.purpose.operation = "schedule";
    let_time_pass();
    must(operations::backup(context, request));
    clock.ahead_s += 3000;
    EXPECT_THAT(state("1h").missed, IsEmpty());
    clock.ahead_s += 1000;
    EXPECT_THAT(state("1h").missed, ElementsAre(HasSubstr("(RPO)")));
    EXPECT_TRUE(must(operations::backup(context, request)).confirmed_only);
    EXPECT_THAT(state("1h").missed, IsEmpty()) << "nothing has changed: nothing would be lost";
}

TEST_F(Watching, ASecondPurposeConfirmedLaterCounts) {
    auto request = backup_request({database});
    request.purpose.operation = "migrate";
    let_time_pass();
    must(operations::backup(context, request));
    backup();
    clock.ahead_s += 4000;
    EXPECT_TRUE(must(operations::backup(context, request)).confirmed_only);
    EXPECT_THAT(state("1h").missed, IsEmpty());
}

TEST_F(Watching, TheNewestProvenAndTheTimeOfARestoreAreTold) {
    backup();
    EXPECT_THAT(state("", "", "7d").missed, ElementsAre(HasSubstr("no backup is proven")));
    const auto drilled = drill_newest();
    const auto source = state("", "10m", "7d").sources.at(0);
    EXPECT_THAT(source.missed, IsEmpty());
    EXPECT_EQ(source.proven_number, 1u);
    ASSERT_TRUE(source.restore_takes_ms);
    EXPECT_EQ(*source.restore_takes_ms, static_cast<double>(static_cast<std::uint64_t>(drilled.backups[0].total_ms)));
    EXPECT_THAT(source.last_drill, HasSubstr("#1: deletion, passed"));
    clock.ahead_s += 8 * 86'400;
    EXPECT_THAT(state("", "", "7d").missed, ElementsAre(HasSubstr("the newest proven backup is")));
}

// A page that is none: no backup sees it, SQLite's own check does.
TEST_F(Watching, DamageInTheNewestBackupsIsMissedUntilANewerOneIsProven) {
    const auto intact = tests::file_bytes(database);
    backup();
    verify_all();
    EXPECT_THAT(state().missed, IsEmpty());
    overwrite(database, 3 * 4096, std::string(64, '\x7f'));
    for (int i = 0; i < 3; ++i) {  // the third holds what the second does
        if (i < 2) execute(database, format("PRAGMA user_version = {}", i + 5));
        backup();
    }
    EXPECT_THAT(state().missed, IsEmpty()) << "nobody has looked";
    EXPECT_EQ(state().sources.at(0).last_number, 4u);
    auto request = verify_request("opened");
    request.snapshot = "2";
    EXPECT_FALSE(must(verify(context, request)).good);
    EXPECT_THAT(state().missed, ElementsAre(HasSubstr("backup #2 was found damaged"))) << "what is newer is not known to be better";
    request.snapshot = "3";
    request.level = "hashed";
    EXPECT_TRUE(must(verify(context, request)).good);
    EXPECT_THAT(state().missed, ElementsAre(HasSubstr("nothing newer is proven"))) << "SQLite has not opened it";
    request.level = "opened";
    EXPECT_FALSE(must(verify(context, request)).good);
    const auto bad = state();
    EXPECT_THAT(bad.missed, ElementsAre(HasSubstr("2 backups, #2 to #3, were found damaged")));
    EXPECT_THAT(bad.sources.at(0).found_damaged, ElementsAre(2u, 3u));
    EXPECT_EQ(bad.sources.at(0).last_number, 1u) << "#4 holds what #3 does";
    clock.ahead_s += 7200;
    EXPECT_THAT(state("1h").missed, ElementsAre(HasSubstr("were found damaged"), HasSubstr("(RPO)")));

    tests::write_file(database, intact);
    EXPECT_NE(backup().verified, "") << "what is in doubt is verified at once";
    EXPECT_THAT(state().missed, IsEmpty());
}

TEST_F(Watching, AFailedDrillIsMissedWhateverTheTargetsAre) {
    backup();
    ASSERT_FALSE(drill_newest("SELECT 0").passed);
    EXPECT_THAT(state().missed, Contains(HasSubstr("the last drill failed")));
    ASSERT_TRUE(drill_newest().passed);
    EXPECT_THAT(state().missed, IsEmpty());
}

TEST_F(Watching, LittleRoomIsToldAndTooLittleIsMissed) {
    backup();
    StatusRequest request;
    request.repository = in_repository();
    request.targets.space_warn = UINT64_MAX;
    EXPECT_THAT(must(status(context, request)).warnings, ElementsAre(HasSubstr("room")));
    EXPECT_THAT(must(status(context, request)).missed, IsEmpty());
    request.targets.min_free = UINT64_MAX;
    EXPECT_THAT(must(status(context, request)).missed, ElementsAre(HasSubstr("room")));
}

TEST_F(Watching, AFullDiskIsMissedWithoutSettingsToo) {
    backup();
    const std::uint64_t some = (64ull << 20) + std::filesystem::file_size(database);
    files.free = some;
    EXPECT_THAT(state().warnings, IsEmpty());
    files.free = some - 1;
    EXPECT_THAT(state().warnings, ElementsAre(HasSubstr("room")));
    EXPECT_THAT(state().missed, IsEmpty());
    files.free = 0;
    EXPECT_THAT(state("1h").missed, ElementsAre(HasSubstr("0 B of room"))) << "whatever targets are said";
    EXPECT_TRUE(state().too_little_room);
    write(work + "/holdfast.toml", "[repository]\nmin_free = \"1MiB\"\nspace_warn = \"2MiB\"\n");
    files.free = 3ull << 20;
    EXPECT_THAT(state().warnings, IsEmpty()) << "settings say otherwise";
}

TEST_F(Watching, WithoutAnyBackupTheTargetIsMissed) {
    EXPECT_THAT(state().missed, IsEmpty());
    EXPECT_THAT(state("1h").missed, ElementsAre(HasSubstr("no backup at all")));
}

TEST_F(Watching, ASourceOfTheSettingsThatWasNeverBackedUpIsMissed) {
    write(work + "/holdfast.toml", "[repository]\nmin_free = \"1KiB\"\nspace_warn = \"1KiB\"\n[source.app]\ndatabases = [\"app.db\"]\n[source.jobs]\ndatabases = [\"jobs.db\"]\n");
    create_database(work + "/jobs.db", 10);
    backup();
    EXPECT_THAT(state("1h", "1h", "0").missed, ElementsAre(HasSubstr("jobs: " + work + "/jobs.db is in no backup")));
    backup(work + "/jobs.db");
    EXPECT_THAT(state("1h", "1h", "0").missed, IsEmpty());
    write(work + "/holdfast.toml", "[repository]\nmin_free = \"1KiB\"\nspace_warn = \"1KiB\"\n[source.app]\ndatabases = [\"app.db\", \"later.db\"]\n");
    EXPECT_THAT(state("1h", "1h", "0").missed, ElementsAre(HasSubstr("later.db is in no backup"))) << "one more of a source";
}

TEST_F(Watching, ADatabaseThatIsGoneIsTold) {
    backup();
    EXPECT_THAT(state().warnings, IsEmpty());
    std::filesystem::remove(database);
    EXPECT_THAT(state().warnings, ElementsAre(HasSubstr("app.db is gone")));
    EXPECT_THAT(state().missed, IsEmpty());
    write(work + "/holdfast.toml", "[repository]\nmin_free = \"1KiB\"\nspace_warn = \"1KiB\"\n[source.app]\ndatabases = [\"app.db\"]\n");
    EXPECT_THAT(state("1h", "1h", "0").missed, ElementsAre(HasSubstr("app.db is gone")));
    EXPECT_THAT(state("1h", "1h", "0").warnings, IsEmpty());
}

TEST_F(Watching, WhatBringsAGoneDatabaseBackIsAWholeBackupAndLeavesTheOthers) {
    const std::string other = work + "/other.db";
    create_database(other, 10);
    must(try_backup({database, other}));
    insert(database, 5);
    const auto now = rows_of(database);
    std::filesystem::rename(other, work + "/other.away");
    EXPECT_TRUE(must(try_backup({database, other})).partial);
    EXPECT_THAT(state().warnings, ElementsAre(HasSubstr(format("other.db is gone: holdfast restore 1 --only {} brings it back", shell_word(other)))));
    EXPECT_EQ(must(restore_to("latest", root / "copies/")).number, 1u);
    auto request = restore_request("1");
    request.only = {other};
    must(restore(context, request));
    EXPECT_EQ(rows_of(other), rows_of(work + "/other.away"));
    EXPECT_EQ(rows_of(database), now);
    EXPECT_THAT(state().warnings, IsEmpty());
}

TEST_F(Watching, ATimeInTheFutureHidesNoAge) {
    clock.ahead_s = 40 * 86'400;
    backup();
    clock.ahead_s = 0;
    const auto wrong = state("1h");
    EXPECT_THAT(wrong.missed, ElementsAre(HasSubstr("its age is not known (RPO)")));
    EXPECT_THAT(wrong.warnings, ElementsAre(HasSubstr("#1 states a time in the future")));
    EXPECT_FALSE(wrong.sources.at(0).age_s);
    insert(database, 1);
    backup();
    EXPECT_THAT(state("1h").missed, IsEmpty());
    clock.ahead_s = 7200;
    EXPECT_THAT(state("1h").missed, ElementsAre(HasSubstr("the last backup is 2"))) << "the one of the future does not count";
}

// The figures are those of prune itself.
TEST_F(Watching, WhatForgetAndPruneWouldGainIsToldWhenRoomIsShort) {
    write(work + "/holdfast.toml", "[retention.automatic]\nkeep_last = 100\n");
    for (int i = 0; i < 14; ++i) {
        clock.ahead_s += 60;
        execute(database, "DELETE FROM ledger");
        insert(database, 2000);  // nothing that the backup before could share
        auto request = backup_request({database});
        request.purpose.operation = format("step {}", i);
        must(operations::backup(context, request));
    }
    StatusRequest request;
    request.repository = in_repository();
    request.targets.space_warn = 1;
    EXPECT_FALSE(must(status(context, request)).gain) << "there is room";
    request.targets.space_warn = UINT64_MAX;
    write(work + "/holdfast.toml", "[retention.automatic]\nkeep_last = 11\n");
    const auto before = files_below(repository);
    const auto told = must(status(context, request));
    EXPECT_TRUE(files_below(repository) == before);
    ASSERT_TRUE(told.gain);
    EXPECT_EQ(told.gain->unknown_because, "");
    EXPECT_EQ(told.gain->to_forget, 2u) << "of the three the oldest stays, as none has been opened";
    EXPECT_THAT(told.warnings, ElementsAre(HasSubstr("holdfast forget --policy (of 2 backups)")));
    must(forget(context, {.repository = in_repository(), .snapshots = {}, .policy = true, .keep = {}, .narrow = {}, .source = {}}));
    const auto forgotten = must(status(context, request));
    EXPECT_EQ(forgotten.gain->forgotten, 2u);
    EXPECT_EQ(forgotten.gain->to_forget, 0u);
    EXPECT_EQ(forgotten.gain->by_prune_grace_0, told.gain->by_forget_and_prune);
    EXPECT_LT(forgotten.gain->by_prune, forgotten.gain->by_prune_grace_0) << "they can still be recalled for a day";
    const auto pruned = must(prune(context, {.repository = in_repository(), .grace = "0"}));
    EXPECT_EQ(pruned.bytes_freed, told.gain->by_forget_and_prune);
}

}  // namespace
}  // namespace holdfast::operations

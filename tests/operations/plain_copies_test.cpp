#include <gmock/gmock.h>

#include <set>

#include "holdfast/operations/copy_folder.h"
#include "holdfast/operations/guard.h"
#include "operations/dying_files.h"
#include "operations/world.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class PlainCopies : public World {
protected:
    PlainCopies() {
        make_repository();
        create_database(database, 20);
    }
    // [source.app.plain_copies] in work/copies.
    void settle(const std::string& lines) {
        write(work + "/holdfast.toml", format("[source.app]\ndatabases = [\"app.db\"]\n[source.app.plain_copies]\nfolder = \"copies\"\nname = \"{{number}}.db\"\n{}\n", lines));
    }
    BackupReport backed_up(const std::string& operation = "") {
        insert(database, 1);
        auto request = backup_request({database});
        request.purpose.operation = operation;
        return must(operations::backup(context, request));
    }
    std::vector<std::string> copies(const std::string& folder = "copies") const {
        std::vector<std::string> names;
        for (const auto& entry : std::filesystem::directory_iterator(work + "/" + folder)) {
            if (entry.path().extension() == ".db") names.push_back(entry.path().filename());
        }
        std::ranges::sort(names, {}, [](const std::string& name) { return std::pair(name.size(), name); });
        return names;
    }
    // As the copy of that backup is, by whoever it is written.
    std::string hash_of_copy(std::uint64_t number) {
        const std::string file = format("{}/copy of {}.db", work, number);
        must(restore_to(std::to_string(number), file));
        overwrite(file, 18, "\x01\x01");
        const auto hash = hash_of_file(file);
        std::filesystem::remove(file);
        return hash;
    }
    // The last one and the one before, each with its checksum; the newest's second file; the list; and nothing else.
    void expect_in_order(const BackupReport& newest, int deaths) const {
        std::set<std::string> expected = {".holdfast-copies.json", ".holdfast-copies.lock", "latest.db", "list.json"};
        for (const auto& name : copies()) {
            if (name == "latest.db") continue;
            expected.insert({name, name + ".sha256"});
            EXPECT_EQ(text_of(tests::file_bytes(work + "/copies/" + name + ".sha256")), format("{}  {}\n", hash_of_file(work + "/copies/" + name), name));
        }
        std::set<std::string> there;
        for (const auto& entry : std::filesystem::directory_iterator(work + "/copies")) there.insert(entry.path().filename());
        EXPECT_EQ(there, expected) << "after " << deaths;
        EXPECT_THAT(there, SizeIs(8));
        EXPECT_EQ(hash_of_file(work + "/copies/latest.db"), newest.plain_copies.at(0).sha256) << "after " << deaths;
        EXPECT_THAT(must(Json::parse(text_of(tests::file_bytes(work + "/copies/list.json")))).to_text(), HasSubstr(newest.plain_copies.at(0).path));
    }
    void remember(const BackupReport& report) {
        for (const auto& copy : report.plain_copies) wholes_.insert(copy.sha256);
    }
    // A backup whose changes to the folder fail after so many; what it leaves is whole.
    bool is_interrupted_after(int changes, tests::DyingFiles::Then then) {
        let_hours_pass(1);
        insert(database, 1);
        tests::DyingFiles dying(work + "/copies", changes, then);
        Context doomed{.host = {.files = dying, .clock = clock, .random = host::system_random(), .log = host::silent_log()}, .watch = {}, .vfs = {}, .may_ask = false};
        const auto report = must(operations::backup(doomed, backup_request({database})));
        if (then == tests::DyingFiles::Then::dead) {
            EXPECT_EQ(report.copies_incomplete, dying.has_died()) << "after " << changes << " changes";
        }
        if (!report.copies_incomplete) expect_in_order(report, changes);  // what failed did not matter
        wholes_.insert(hash_of_copy(report.number));
        for (const auto& name : copies()) EXPECT_TRUE(wholes_.contains(hash_of_file(work + "/copies/" + name))) << name << " after " << changes;
        return dying.has_died();
    }
    BackupReport mended_after(int changes) {
        let_hours_pass(1);
        auto report = backed_up();
        EXPECT_FALSE(report.copies_incomplete) << "after " << changes;
        remember(report);
        return report;
    }
    std::set<std::string> wholes_;  // hashes of files that are copies of a backup

    void let_hours_pass(int hours) { clock.ahead_s += hours * 3600; }
};

TEST_F(PlainCopies, WithoutLinesTenAutomaticOnesStayAndAllManualOnes) {
    settle("");
    backed_up();
    for (int n = 0; n < 12; ++n) {
        let_hours_pass(1);
        backed_up("migrate");
    }
    let_hours_pass(1);
    backed_up();
    EXPECT_THAT(copies(), ElementsAre("1.db", "4.db", "5.db", "6.db", "7.db", "8.db", "9.db", "10.db", "11.db", "12.db", "13.db", "14.db"));
}

TEST_F(PlainCopies, AreCountedTogetherWhenALineSaysHowMany) {
    settle("keep_last = 2");
    for (int n = 0; n < 3; ++n) {
        backed_up();
        let_hours_pass(1);
        backed_up("migrate");
        let_hours_pass(1);
    }
    EXPECT_THAT(copies(), ElementsAre("5.db", "6.db"));
    settle("keep_last = 1\nkeep_manual = true");
    EXPECT_THAT(backed_up("migrate").plain_copies_removed, ElementsAre(work + "/copies/6.db"));
    EXPECT_THAT(copies(), ElementsAre("5.db", "7.db"));
}

TEST_F(PlainCopies, AreKeptByDaysAndNotByPlaces) {
    settle("keep_daily = 3");
    for (int n = 0; n < 8; ++n) {
        backed_up();
        let_hours_pass(12);
    }
    const auto left = copies();
    EXPECT_EQ(left.back(), "8.db");
    EXPECT_THAT(left, SizeIs(3)) << "one a day";
    EXPECT_THAT(numbers(), SizeIs(8)) << "the backups themselves have a policy of their own";
}

TEST_F(PlainCopies, OfAnotherDatabaseOrMachineAreNobodysBusiness) {
    settle("keep_last = 1");
    backed_up();
    const std::string other = work + "/other.db";
    create_database(other);
    auto request = backup_request({other});
    request.plain = {.output = "copies", .name = "other_{number}.db", .compress = {}};
    must(operations::backup(context, request));
    {
        auto folder = must(CopyFolder::lock(context, work + "/copies"));
        for (auto& record : folder.catalogue.records) {
            if (record.file == "1.db") record.machine = "another one";
        }
        must(folder.save());
    }
    backed_up();
    EXPECT_THAT(backed_up().plain_copies_removed, ElementsAre(work + "/copies/3.db"));
    EXPECT_THAT(copies(), ElementsAre("1.db", "4.db", "other_2.db"));
}

TEST_F(PlainCopies, ThatCannotBeWrittenLeaveTheBackupAndTheOldOnes) {
    settle("keep_last = 1");
    backed_up();
    files.read_only.push_back(work + "/copies");
    const auto before = files_below(work + "/copies");
    const auto report = backed_up();
    EXPECT_EQ(report.number, 2u);
    EXPECT_TRUE(report.copies_incomplete);
    EXPECT_TRUE(report.is_incomplete());
    EXPECT_FALSE(report.partial);
    EXPECT_THAT(report.plain_copies, SizeIs(1));
    EXPECT_THAT(report.plain_copies[0].error, HasSubstr("read-only"));
    EXPECT_THAT(report.warnings, ::testing::Contains(HasSubstr("the backup itself is whole")));
    EXPECT_EQ(files_below(work + "/copies"), before);
    EXPECT_THAT(verify_all().damage, IsEmpty());
    GuardRequest guarded{.repository = in_repository()};
    guarded.databases = {database};
    insert(database, 1);
    const auto guard_report = must(guard(context, guarded));
    EXPECT_THAT(guard_report.warnings, ::testing::Contains(HasSubstr("no plain copy of"))) << "whoever made the backup is told";
}

TEST_F(PlainCopies, OfADamagedDatabasePushNobodyOut) {
    settle("keep_last = 1\nlatest = \"latest.db\"");
    create_database(database + "2", 20, {.mode = "delete"});
    std::filesystem::rename(database + "2", database);
    backed_up();
    overwrite(database, 100, std::string(8, '\xff'));  // the root page of the schema
    const auto before = files_below(work + "/copies");
    const auto report = backup();
    EXPECT_TRUE(report.damaged);
    EXPECT_THAT(report.plain_copies, IsEmpty());
    EXPECT_THAT(report.warnings, ::testing::Contains(HasSubstr("is damaged")));
    EXPECT_EQ(files_below(work + "/copies"), before);
}

TEST_F(PlainCopies, AFolderThatIsHeldIsWaitedForOnlySoLong) {
    settle("");
    backed_up();
    const auto held = must(CopyFolder::lock(context, work + "/copies"));
    auto request = backup_request({database});
    request.wait_s = 0;
    const auto report = must(operations::backup(context, request));
    EXPECT_EQ(report.number, 2u);
    EXPECT_THAT(report.plain_copies[0].error, HasSubstr("another holdfast"));
    EXPECT_THAT(copies(), ElementsAre("1.db"));
}

// Whatever was done before the end: each file under a copy's name is a whole copy, and the next run mends the rest.
TEST_F(PlainCopies, AProcessThatDiesAnywhereLeavesWholeCopiesAndIsMended) {
    settle("latest = \"latest.db\"\nmetadata = \"list.json\"\nkeep_last = 2");
    for (int n = 0; n < 3; ++n) remember(backed_up());
    int deaths = 0;
    for (bool has_died = true; has_died; ++deaths) {
        has_died = is_interrupted_after(deaths, tests::DyingFiles::Then::dead);
        const auto mended = mended_after(deaths);
        ASSERT_FALSE(mended.copies_incomplete) << deaths << ": " << (mended.warnings.empty() ? "" : mended.warnings[0]);
        expect_in_order(mended, deaths);
    }
    EXPECT_GT(deaths, 20);
}

TEST_F(PlainCopies, AnyOneFailureIsToldAndNothingGoesBeforeSomethingNewerIsThere) {
    settle("latest = \"latest.db\"\nmetadata = \"list.json\"\nkeep_last = 2");
    for (int n = 0; n < 3; ++n) remember(backed_up());
    int failures = 0;
    for (bool has_failed = true; has_failed; ++failures) {
        has_failed = is_interrupted_after(failures, tests::DyingFiles::Then::well);
        EXPECT_THAT(copies(), SizeIs(::testing::Ge(3u))) << "two and the newest, after " << failures;
        expect_in_order(mended_after(failures), failures);
    }
    EXPECT_GT(failures, 20);
}

TEST_F(PlainCopies, TheListIsMadeAnewAlsoWhenNothingHasChanged) {
    settle("metadata = \"list.json\"");
    must(operations::backup(context, backup_request({database})));
    const std::string list = work + "/copies/list.json";
    const auto before = files_below(work + "/copies").at(list);
    auto request = backup_request({database});
    request.skip_unchanged = true;
    std::filesystem::remove(list);
    let_time_pass();
    const auto report = must(operations::backup(context, request));
    EXPECT_TRUE(report.confirmed_only);
    EXPECT_FALSE(report.plain_copies.at(0).written);
    EXPECT_EQ(files_below(work + "/copies").at(list), before);
}

TEST_F(PlainCopies, AFolderOfTheSettingsThatCannotBeUsedCostsTheCopyAndNotTheBackup) {
    settle("");
    write(work + "/holdfast.toml", format("[source.app]\ndatabases = [\"app.db\"]\n[source.app.plain_copies]\nfolder = \"{}/copies\"\n", repository));
    const auto report = backed_up();
    EXPECT_EQ(report.number, 1u);
    EXPECT_TRUE(report.copies_incomplete);
    EXPECT_THAT(report.warnings, ::testing::Contains(HasSubstr("lies in the repository")));
    auto request = backup_request({database});
    request.plain.output = repository + "/copies";
    EXPECT_THAT(operations::backup(context, request), FailsWith(ErrorCode::invalid)) << "who asks for it now can correct it now";
    EXPECT_THAT(numbers(), SizeIs(1));
}

TEST_F(PlainCopies, TheNewestKeepsItsNameWhenAnOlderOneComesLate) {
    settle("latest = \"latest.db\"");
    backed_up();
    backed_up();
    auto folder = must(CopyFolder::lock(context, work + "/copies"));
    const auto newest = std::ranges::find_if(folder.catalogue.records, [](const auto& record) { return record.is_latest; });
    ASSERT_NE(newest, folder.catalogue.records.end());
    EXPECT_EQ(newest->number, 2u);
    newest->number = 9;
    must(folder.save());
    { const auto given_up = std::move(folder); }
    const std::string hash = hash_of_file(work + "/copies/latest.db");
    const auto report = backed_up();
    EXPECT_FALSE(report.copies_incomplete);
    EXPECT_EQ(report.plain_copies[0].latest, "");
    EXPECT_EQ(hash_of_file(work + "/copies/latest.db"), hash);
}

}  // namespace
}  // namespace holdfast::operations

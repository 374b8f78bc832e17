#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/drill.h"
#include "holdfast/operations/faults_of_companion.h"
#include "holdfast/operations/open_repository.h"
#include "operations/world_with_companions.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What the verbs that look at backups say of companions, good and damaged.
class ChecksOfCompanions : public WorldWithCompanions {
protected:
    ChecksOfCompanions() : number(backed_up()) {}

    VerifyReport verified(const std::string& level) {
        auto request = verify_request(level);
        request.snapshot = number;
        return must(verify(context, request));
    }
    DrilledBackup drilled() {
        DrillRequest request;
        request.repository = in_repository();
        request.folder = root.path();
        return must(drill(context, request)).backups.at(0);
    }
    const std::string number;
};

TEST_F(ChecksOfCompanions, ShowAndListTellOfThem) {
    const auto report = shown(number);
    ASSERT_THAT(report.companions, SizeIs(1));
    const auto& companion = report.companions[0];
    EXPECT_EQ(companion.path, folder);
    EXPECT_EQ(companion.kind, "folder");
    EXPECT_EQ(companion.files, 6u);
    EXPECT_EQ(companion.folders, 3u);
    EXPECT_EQ(companion.links, 1u);
    EXPECT_EQ(companion.bytes, 300'014u);
    EXPECT_EQ(report.backup.logical_bytes, companion.bytes + std::filesystem::file_size(database));
    EXPECT_THAT(listed().backups.at(0).companions, ElementsAre(folder));
    EXPECT_THAT(listed().backups.at(0).paths, ElementsAre(database));
}

TEST_F(ChecksOfCompanions, VerifyNamesTheFileAndTheBytes) {
    EXPECT_TRUE(verified("hashed").good);
    damage_largest_pack();
    for (const char* level : {"hashed", "opened"}) {
        const auto report = verified(level);
        EXPECT_FALSE(report.good) << level;
        ASSERT_THAT(report.damage, Contains(::testing::Field(&FoundDamage::file, folder + "/1.index"))) << level;
        for (const auto& damage : report.damage) {
            if (damage.file != folder + "/1.index") continue;
            EXPECT_EQ(damage.kind, "file");
            EXPECT_EQ(damage.database, "");
            EXPECT_GT(damage.size, 0u);
            EXPECT_LE(damage.offset + damage.size, 300'000u);
            EXPECT_EQ(damage.offset % 65536, 0u);
        }
    }
    EXPECT_TRUE(verified("listed").good) << "nothing is missing";
    EXPECT_EQ(listed().backups.at(0).state, "verification found damage");
}

// Whoever has lost a listing is told of the folder, by all that read it.
TEST_F(ChecksOfCompanions, AListingThatIsLostIsTold) {
    for (const auto& [path, bytes] : files_below(repository + "/packs")) std::filesystem::remove(path);
    const auto report = verified("hashed");
    EXPECT_THAT(report.damage, Contains(AllOf(::testing::Field(&FoundDamage::file, folder), ::testing::Field(&FoundDamage::kind, "folder"))));
    EXPECT_THAT(shown(number).companions.at(0).notes, ElementsAre(HasSubstr(folder)));
    const auto listed = must(list_files(context, files_request(number)));
    EXPECT_THAT(listed.damage, ElementsAre(HasSubstr(folder)));
    EXPECT_EQ(listed.folders, 1u);
}

TEST_F(ChecksOfCompanions, ADrillBringsThemBackAndCompares) {
    const auto good = drilled();
    EXPECT_TRUE(good.passed);
    ASSERT_THAT(good.companions, SizeIs(1));
    EXPECT_EQ(good.companions[0].files, 6u);
    EXPECT_THAT(good.companions[0].findings, IsEmpty());
    EXPECT_EQ(good.bytes, 300'014u + std::filesystem::file_size(database));
    damage_largest_pack();
    const auto damaged = drilled();
    EXPECT_FALSE(damaged.passed);
    EXPECT_THAT(damaged.error, HasSubstr("1.index"));
}

TEST_F(ChecksOfCompanions, WhatWasWrittenOtherwiseIsFound) {
    must(restore_to(number, work + "/back"));
    const std::string back = work + "/back/faiss";
    const auto opened = must(open_repository(context, in_repository(), {}));
    const auto snapshot = must(opened->get().snapshot({std::stoull(number)}));
    const auto faults = [&] { return must(faults_of_companion(context, opened->get(), snapshot.companions.at(0), {.path = back, .databases = {}})); };
    EXPECT_THAT(faults(), IsEmpty());
    const auto time = must(files.status(back + "/1.index")).modified;
    overwrite(back + "/1.index", 150'000, "X");
    must(files.set_modified(back + "/1.index", time));
    EXPECT_THAT(faults(), ElementsAre(HasSubstr("1.index: its bytes differ")));
    overwrite(back + "/1.index", 150'000, pattern(300'000).substr(150'000, 1));
    must(files.set_modified(back + "/1.index", time));
    EXPECT_THAT(faults(), IsEmpty());
    std::filesystem::permissions(back + "/1.meta.json", std::filesystem::perms::owner_all);
    std::filesystem::remove(back + "/link");
    write(back + "/link", "a file");
    write(back + "/2.index", "more");
    std::filesystem::remove(back + "/sub/notes.txt");
    must(files.set_modified(back + "/sub/empty", Timestamp{1}));
    EXPECT_THAT(faults(), ::testing::IsSupersetOf({HasSubstr("1.meta.json: its mode is 700"), HasSubstr("link: it is of another kind"), HasSubstr("2.index: it has 4 bytes and had 0"),
                                                   HasSubstr("notes.txt"), HasSubstr("sub/empty: its time")}));
}

}  // namespace
}  // namespace holdfast::operations

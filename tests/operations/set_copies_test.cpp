#include "holdfast/operations/set_copies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/plain_copies.h"
#include "operations/world_with_companions.h"
#include "support/shell.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class SetCopies : public WorldWithCompanions {
protected:
    void settings(const std::string& more) {
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\n" + more);
    }
    static std::string archives(const std::string& of, const std::string& more = "keep_last = 2\n") {
        return "[[source.app.set_copies]]\n" + of + "folder = \"copies\"\nname = \"{name}_{number}.tar\"\n" + more;
    }
    BackupReport changed_and_backed_up() {
        insert(database, 3);
        write(folder + "/1.meta.json", format("{}", ++state));
        return backup();
    }
    std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& entry : std::filesystem::directory_iterator(copies)) {
            if (!entry.path().filename().string().starts_with(".")) found.push_back(entry.path().filename());
        }
        std::ranges::sort(found);
        return found;
    }
    std::string out_of(const std::string& archive, const std::string& member) { return tests::shell(format("tar -xOf '{}/{}' {}", copies, archive, member)); }
    std::string out_of_folder(const std::string& name) const { return hash_of_file(copies + "/" + name); }
    const std::string copies = root / "work/copies";
    int state = 0;
};

TEST_F(SetCopies, OfACompanionAreWhatTarReads) {
    settings(archives("of = \"faiss\"\n"));
    const auto report = changed_and_backed_up();
    ASSERT_THAT(report.plain_copies, SizeIs(1));
    EXPECT_EQ(report.plain_copies[0].database, folder);
    EXPECT_EQ(report.plain_copies[0].path, copies + "/faiss_1.tar.gz");
    EXPECT_TRUE(report.plain_copies[0].written);
    EXPECT_EQ(report.plain_copies[0].sha256, hash_of_file(copies + "/faiss_1.tar.gz"));
    tests::shell(format("cd '{}' && sha256sum -c faiss_1.tar.gz.sha256 && mkdir out && tar -xzf faiss_1.tar.gz -C out", copies));
    EXPECT_EQ(files_below(copies + "/out/faiss").size(), 6u);
    EXPECT_EQ(hash_of_file(copies + "/out/faiss/1.index"), hash_of_file(folder + "/1.index"));
    EXPECT_EQ(std::filesystem::read_symlink(copies + "/out/faiss/link"), "../app.db");
    EXPECT_TRUE(std::filesystem::is_directory(copies + "/out/faiss/sub/empty"));
}

TEST_F(SetCopies, EachCountsByItself) {
    settings("[source.app.plain_copies]\nfolder = \"copies\"\nname = \"app_{number}.db\"\nkeep_last = 4\n" + archives("of = \"faiss\"\n") + archives("", "compress = \"zstd\"\nkeep_last = 1\n"));
    for (int i = 0; i < 5; ++i) changed_and_backed_up();
    EXPECT_THAT(names(), ElementsAre("app_2.db", "app_2.db.sha256", "app_3.db", "app_3.db.sha256", "app_4.db", "app_4.db.sha256", "app_5.db", "app_5.db.sha256", "app_5.tar.zst", "app_5.tar.zst.sha256",
                                     "faiss_4.tar.gz", "faiss_4.tar.gz.sha256", "faiss_5.tar.gz", "faiss_5.tar.gz.sha256"));
    EXPECT_EQ(out_of("faiss_4.tar.gz", "faiss/1.meta.json"), "4");
}

TEST_F(SetCopies, OfTheWholeIsABundleThatBringsAllOfItBack) {
    settings(archives(""));
    const auto report = changed_and_backed_up();
    ASSERT_THAT(report.plain_copies, SizeIs(1));
    EXPECT_EQ(report.plain_copies[0].database, "app");
    RestoreRequest request;
    request.from = report.plain_copies[0].path;
    request.to = root / "back";
    must(restore(context, request));
    EXPECT_EQ(rows_of(root / "back/app.db"), rows_of(database));
    EXPECT_EQ(hash_of_file(root / "back/faiss/1.index"), hash_of_file(folder + "/1.index"));
}

TEST_F(SetCopies, WhatIsThereIsEnoughAndADryRunSaysWhatWouldBe) {
    settings(archives("of = \"faiss\"\n", "keep_last = 1\n"));
    changed_and_backed_up();
    auto request = backup_request({database});
    request.skip_unchanged = true;
    const auto again = must(operations::backup(context, request));
    EXPECT_TRUE(again.confirmed_only);
    ASSERT_THAT(again.plain_copies, SizeIs(1));
    EXPECT_FALSE(again.plain_copies[0].written);
    EXPECT_EQ(again.plain_copies[0].path, copies + "/faiss_1.tar.gz");
    insert(database, 1);
    request.dry_run = true;
    const auto before = files_below(copies);
    const auto dry = must(operations::backup(context, request));
    EXPECT_EQ(files_below(copies), before);
    request.dry_run = false;
    const auto done = must(operations::backup(context, request));
    for (const auto& report : {dry, done}) {
        ASSERT_THAT(report.plain_copies, SizeIs(1));
        EXPECT_EQ(report.plain_copies[0].path, copies + format("/faiss_{}.tar.gz", done.number));
        EXPECT_THAT(report.plain_copies_removed, ElementsAre(copies + "/faiss_1.tar.gz"));
    }
}

TEST_F(SetCopies, WhatSomebodyElseWroteOrChangedStays) {
    settings(archives("of = \"faiss\"\n", "keep_last = 1\n"));
    std::filesystem::create_directory(copies);
    write(copies + "/faiss_2.tar.gz", "mine");
    changed_and_backed_up();
    write(copies + "/faiss_1.tar.gz", "changed");
    const auto report = changed_and_backed_up();
    EXPECT_EQ(report.plain_copies.at(0).path, copies + "/faiss_2_2.tar.gz");
    EXPECT_EQ(text_of(tests::file_bytes(copies + "/faiss_1.tar.gz")), "changed");
    EXPECT_EQ(text_of(tests::file_bytes(copies + "/faiss_2.tar.gz")), "mine");
    EXPECT_THAT(report.plain_copies_removed, IsEmpty());
    EXPECT_THAT(report.warnings, Contains(HasSubstr("is no longer what holdfast wrote")));
}

// A file that was a database of the source once has its name still.
TEST_F(SetCopies, OfOneThatWasADatabasePushNoneOfThoseOut) {
    const std::string other = work + "/other.db";
    create_database(other);
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\", \"other.db\"]\n[source.app.plain_copies]\nfolder = \"copies\"\nname = \"{database}_{number}.db\"\nkeep_last = 1\n");
    must(try_backup({database, other}));
    const auto of_database = out_of_folder("other_1.db");
    std::filesystem::remove(other);
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"other.db\"\n" + archives("of = \"other.db\"\n", "keep_last = 1\n"));
    for (const char* text : {"some text", "other text"}) {
        write(other, text);
        const auto report = backup();
        ASSERT_THAT(report.plain_copies, SizeIs(1));
        EXPECT_EQ(report.plain_copies[0].database, other);
    }
    EXPECT_EQ(out_of_folder("other_1.db"), of_database);
    EXPECT_FALSE(exists(copies + "/other.db_2.tar.gz")) << "of its own kind, one stays";
}

TEST_F(SetCopies, WhatIsNotWholePushesNothingOut) {
    settings(archives("of = \"faiss\"\n", "keep_last = 1\n") + archives("", "keep_last = 1\n"));
    changed_and_backed_up();
    std::filesystem::rename(folder, folder + ".away");
    insert(database, 3);
    const auto report = backup();
    EXPECT_TRUE(report.copies_incomplete);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("no archive of app was made: " + folder + " is missing in it")));
    EXPECT_THAT(report.plain_copies, IsEmpty());
    EXPECT_THAT(names(), ElementsAre("app_1.tar.gz", "app_1.tar.gz.sha256", "faiss_1.tar.gz", "faiss_1.tar.gz.sha256"));
}

TEST_F(SetCopies, WhatCannotBeIsToldOfTheSettings) {
    const std::string good = archives("of = \"faiss\"\n");
    const auto wrong = [&](const std::string& more) {
        settings(more);
        return load_settings(context, {});
    };
    EXPECT_THAT(wrong(good), Succeeds());
    EXPECT_THAT(wrong(good + archives("")), Succeeds());
    EXPECT_THAT(wrong(archives("of = \"fais\"\n")).error().text(), HasSubstr("is no companion of the source"));
    EXPECT_THAT(wrong(good + good).error().text(), HasSubstr("both would be counted as one"));
    EXPECT_THAT(wrong("[[source.app.set_copies]]\nfolder = \"copies\"\nname = \"{name}_{number}.db\"\n").error().text(), HasSubstr("the archives would be"));
    EXPECT_THAT(wrong("[[source.app.set_copies]]\nfolder = \"copies\"\nname = \"{name}.tar\"\n").error().text(), HasSubstr("all copies would have one name"));
    EXPECT_THAT(wrong("[[source.app.set_copies]]\n").error().text(), HasSubstr("it is not said where the archives go"));
    EXPECT_THAT(wrong("keep = \"rebuild\"\nrebuild.command = \"true\"\n" + good).error().text(), HasSubstr("it is not kept, but built again"));
}

}  // namespace
}  // namespace holdfast::operations

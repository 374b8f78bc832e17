// Restores with --exact: what they count, and the way back from them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "holdfast/operations/undo.h"
#include "operations/world_with_companions.h"
#include "support/file_trees.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using tests::tree_of;

class RestoringExactly : public WorldWithCompanions {
protected:
    RestoringExactly() {
        write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\nexclude = [\"*.tmp\"]\n");
    }
    static void write(const std::string& path, std::string_view text) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        World::write(path, text);
    }
    std::string things() const { return tree_of(context.host.files, folder); }
    static std::size_t count_of(const std::string& things) { return static_cast<std::size_t>(std::ranges::count(things, '\n')); }
    RestoreRequest exactly(const std::string& number) {
        auto request = restore_request(number);
        request.exact = true;
        return request;
    }
};

TEST_F(RestoringExactly, AFolderThatStaysIsNotCountedAsRemoved) {
    const auto number = backed_up();
    write(folder + "/more/deep/work.tmp", "nobody keeps this");
    write(folder + "/more/deep/file", "of no backup");
    write(folder + "/more/empty/file", "of no backup");
    auto request = exactly(number);
    request.dry_run = true;
    const auto before = things();
    const auto rehearsed = must(restore(context, request));
    EXPECT_EQ(rehearsed.companions.at(0).removed, 3u) << "more/deep/file, more/empty, more/empty/file";
    EXPECT_THAT(rehearsed.warnings, Contains(HasSubstr("more/deep stays")));
    EXPECT_EQ(things(), before);
    ASSERT_TRUE(rehearsed.files.has_value());
    EXPECT_EQ(rehearsed.files->removed, 3u);
    const auto report = must(restore(context, exactly(number)));
    EXPECT_EQ(report.companions.at(0).removed, 3u);
    EXPECT_THAT(report.warnings, Contains(HasSubstr("more/deep stays")));
    EXPECT_EQ(count_of(before) - count_of(things()), 3u);
    EXPECT_TRUE(exists(folder + "/more/deep/work.tmp"));
}

// What it cannot take away is not passed over in silence.
TEST_F(RestoringExactly, WhatStaysAllTheSameIsToldWithTheReason) {
    const auto number = backed_up();
    write(folder + "/work.tmp", "nobody keeps this");
    write(folder + "/sub/.DS_Store", "nor this");
    write(folder + "/extra", "this goes");
    create_database(folder + "/other.db", 5);
    ASSERT_EQ(::mkfifo((folder + "/fifo").c_str(), 0600), 0);
    EXPECT_THAT(must(restore_in_place(number)).companions.at(0).stays, IsEmpty()) << "without --exact all of it stays";
    for (const bool is_rehearsed : {true, false}) {
        auto request = exactly(number);
        request.dry_run = is_rehearsed;
        const auto report = must(restore(context, request));
        EXPECT_THAT(report.companions.at(0).stays,
                    ElementsAre("fifo (it is a socket, a pipe or a device)", AllOf(StartsWith("other.db ("), HasSubstr("SQLite database")), "sub/.DS_Store (the rules leave it out)", "work.tmp (the rules leave it out)"));
        EXPECT_EQ(report.companions.at(0).stays_more, 0u);
    }
    for (const char* name : {"/work.tmp", "/sub/.DS_Store", "/other.db", "/fifo"}) EXPECT_TRUE(exists(folder + name)) << name;
    for (int i = 0; i < 30; ++i) write(folder + format("/more-{}.tmp", i), "");
    const auto report = must(restore(context, exactly(number)));
    EXPECT_EQ(report.companions.at(0).stays.size(), 20u);
    EXPECT_EQ(report.companions.at(0).stays_more, 14u);
}

// Of what could not be read nobody knows that it was not there.
TEST_F(RestoringExactly, OfAPartialBackupWhatIsNotInItStays) {
    create_database(folder + "/other.db", 5);
    const auto partial = backed_up();
    std::filesystem::remove(folder + "/other.db");
    const auto whole = backed_up();
    write(folder + "/unread.log", "as a file that changed all the time");
    for (const bool is_rehearsed : {true, false}) {
        auto request = exactly(partial);
        request.dry_run = is_rehearsed;
        const auto report = must(restore(context, request));
        EXPECT_EQ(report.companions.at(0).removed, 0u);
        EXPECT_THAT(report.companions.at(0).extra, ElementsAre("unread.log"));
        EXPECT_THAT(report.companions.at(0).notes, Contains(HasSubstr("could not read all of")));
        EXPECT_TRUE(exists(folder + "/unread.log"));
    }
    EXPECT_EQ(must(restore(context, exactly(whole))).companions.at(0).removed, 1u);
    EXPECT_FALSE(exists(folder + "/unread.log"));
}

// A file is to take the place of a folder that cannot go.
TEST_F(RestoringExactly, AFolderThatCannotGiveWayIsRefusedBeforeAnythingHappens) {
    write(folder + "/sub2", "a file");
    const auto number = backed_up();
    std::filesystem::remove(folder + "/sub2");
    write(folder + "/sub2/work.tmp", "nobody keeps this");
    const auto before = listed().backups.size();
    for (const bool is_rehearsal : {true, false}) {
        auto request = exactly(number);
        request.dry_run = is_rehearsal;
        const auto refused = restore(context, request);
        ASSERT_THAT(refused, FailsWith(ErrorCode::exists));
        EXPECT_THAT(refused.error().text(), HasSubstr("sub2"));
    }
    EXPECT_EQ(listed().backups.size(), before);
}

// The way back as it is printed, carried out.
TEST_F(RestoringExactly, TheWayBackFromAFolderInPlaceOfAFileRemovesTheFolder) {
    const auto number = backed_up();
    std::filesystem::remove_all(folder + "/sub");
    write(folder + "/sub", "a file where a folder was");
    write(folder + "/1.index", "another");
    const auto before = things();
    const auto report = must(restore_in_place(number));
    ASSERT_TRUE(std::filesystem::is_directory(folder + "/sub"));
    EXPECT_THAT(report.go_back, HasSubstr(format("holdfast restore {} --exact", report.safety_number)));
    auto back = restore_request(format("{}", report.safety_number));
    EXPECT_THAT(restore(context, back), FailsWith(ErrorCode::exists)) << "without it";
    back.exact = report.go_back.find(" --exact") != std::string::npos;
    const auto returned = must(restore(context, back));
    EXPECT_EQ(things(), before);
    EXPECT_THAT(returned.go_back, Not(HasSubstr("--exact"))) << "a file has come in place of a folder";
    must(restore(context, restore_request(format("{}", returned.safety_number))));
    EXPECT_TRUE(std::filesystem::is_directory(folder + "/sub"));
}

TEST_F(RestoringExactly, WhereNoFolderComesInPlaceOfAFileTheWayBackRemovesNothing) {
    const auto number = backed_up();
    write(folder + "/1.index", "another");
    EXPECT_THAT(must(restore_in_place(number)).go_back, Not(HasSubstr("--exact")));
}

}  // namespace
}  // namespace holdfast::operations

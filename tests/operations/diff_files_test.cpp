#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/diff.h"
#include "operations/world_with_companions.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

class DiffOfFiles : public WorldWithCompanions {
protected:
    DiffOfFiles() : first(backed_up()) {}

    DiffRequest diff_request(const std::string& before, const std::string& after) {
        DiffRequest request;
        request.repository = in_repository();
        request.before = before;
        request.after = after;
        return request;
    }
    FilesDifference difference(const std::string& before, const std::string& after) {
        auto report = must(diff(context, diff_request(before, after)));
        EXPECT_TRUE(report.companions);
        if (!report.companions) return {};
        EXPECT_EQ(report.equal, report.companions->equal) << "the database is the same in all of these";
        return *report.companions;
    }
    // "changed faiss/1.index content,time", "renamed faiss/a > faiss/b".
    std::vector<std::string> lines(const std::string& before, const std::string& after) {
        std::vector<std::string> told;
        const auto below = [&](const std::string& path) { return path.substr(work.size() + 1); };
        for (const auto& file : difference(before, after).files) {
            auto& line = told.emplace_back(file.change + " " + (file.from.empty() ? "" : below(file.from) + " > ") + below(file.path));
            for (const auto& what : file.what) line += (&what == &file.what.front() ? " " : ",") + what;
        }
        return told;
    }
    // The same between two backups, and between a backup and what is there now.
    std::vector<std::string> lines_since() {
        const auto live = lines(first, "live");
        const auto second = backed_up();
        EXPECT_THAT(lines(first, second), ::testing::UnorderedElementsAreArray(live));
        EXPECT_THAT(lines(second, "live"), IsEmpty());
        return live;
    }
    void set_time(const std::string& path, std::int64_t ns) { must(files.set_modified(path, Timestamp{ns})); }
    Timestamp time_of(const std::string& path) { return must(files.status_of_link(path)).modified; }
    const std::string first;
};

TEST_F(DiffOfFiles, NothingDiffersWhereNothingDoes) {
    EXPECT_THAT(lines_since(), IsEmpty());
    EXPECT_TRUE(must(diff(context, diff_request(first, first))).equal);
}

TEST_F(DiffOfFiles, TellsWhatIsAddedRemovedAndChanged) {
    write(folder + "/1.index", pattern(300'001));
    write(folder + "/sub/empty/fresh", "f");
    std::filesystem::remove(folder + "/2.index");
    std::filesystem::create_directories(folder + "/more/and/more");
    EXPECT_THAT(lines_since(), UnorderedElementsAre("changed faiss/1.index content,time", "added faiss/sub/empty/fresh", "removed faiss/2.index", "added faiss/more", "added faiss/more/and",
                                                    "added faiss/more/and/more"));
    const auto all = difference("1", "2");
    EXPECT_EQ(all.added, 4u);
    EXPECT_EQ(all.removed, 1u);
    EXPECT_EQ(all.changed, 1u);
    const auto index = std::ranges::find(all.files, folder + "/1.index", &FileDifference::path);
    EXPECT_EQ(index->size_before, 300'000u);
    EXPECT_EQ(index->size_after, 300'001u);
    auto request = diff_request("1", "2");
    request.reverse = true;
    EXPECT_EQ(must(diff(context, request)).companions->removed, 4u);
    request.stat = true;
    const auto numbers = must(diff(context, request));
    EXPECT_THAT(numbers.companions->files, IsEmpty());
    EXPECT_FALSE(numbers.equal);
}

TEST_F(DiffOfFiles, TellsWhatElseComesBackWithAFile) {
    std::filesystem::permissions(folder + "/sub/notes.txt", std::filesystem::perms::owner_read);
    set_time(folder + "/1.meta.json", 1'700'000'000'123'456'789);
    const auto link_time = time_of(folder + "/link").nanoseconds, folder_time = time_of(folder).nanoseconds;
    std::filesystem::remove(folder + "/link");
    std::filesystem::create_symlink("elsewhere", folder + "/link");
    set_time(folder + "/link", link_time);
    set_time(folder, folder_time);
    EXPECT_THAT(lines_since(), UnorderedElementsAre("changed faiss/sub/notes.txt mode", "changed faiss/1.meta.json time", "changed faiss/link target"));
}

// What a folder's time says is said by the names in it, unless none of them differs.
TEST_F(DiffOfFiles, AFoldersTimeAloneIsToldToo) {
    set_time(folder + "/sub", 1'600'000'000'000'000'000);
    EXPECT_THAT(lines_since(), ElementsAre("changed faiss/sub time"));
}

TEST_F(DiffOfFiles, WhatWasMovedIsToldAsMoved) {
    std::filesystem::rename(folder + "/1.index", folder + "/sub/moved.index");
    EXPECT_THAT(lines_since(), ElementsAre("renamed faiss/1.index > faiss/sub/moved.index"));
}

TEST_F(DiffOfFiles, AFolderThatWasMovedIsOneMoveBetweenBackups) {
    std::filesystem::rename(folder + "/sub", folder + "/elsewhere");
    const auto second = backed_up();
    EXPECT_THAT(lines(first, second), ElementsAre("renamed faiss/sub > faiss/elsewhere"));
}

// Which of them it was, nobody knows: none is left out.
TEST_F(DiffOfFiles, OfSeveralEqualFilesNoneIsTakenForMoved) {
    write(folder + "/copy one", pattern(300'000));
    write(folder + "/copy two", pattern(300'000));
    std::filesystem::remove(folder + "/1.index");
    EXPECT_THAT(lines_since(), UnorderedElementsAre("removed faiss/1.index", "added faiss/copy one", "added faiss/copy two"));
}

TEST_F(DiffOfFiles, AFolderInPlaceOfAFileIsTold) {
    std::filesystem::remove(folder + "/1.meta.json");
    std::filesystem::create_directories(folder + "/1.meta.json/in");
    const auto all = lines_since();
    EXPECT_THAT(all, ::testing::Contains("changed faiss/1.meta.json kind"));
    EXPECT_THAT(all, ::testing::Contains("added faiss/1.meta.json/in"));
}

// A program that writes and sets the old time again: its size and time say nothing has changed.
TEST_F(DiffOfFiles, AChangeThatKeepsSizeAndTimeIsFound) {
    const auto before = time_of(folder + "/1.index").nanoseconds;
    overwrite(folder + "/1.index", 200'000, "other");
    set_time(folder + "/1.index", before);
    EXPECT_THAT(lines_since(), ElementsAre("changed faiss/1.index content"));
}

TEST_F(DiffOfFiles, WhatThePatternsLeaveOutIsNotAdded) {
    write(work + "/holdfast.toml", "[source.app]\ndatabases = [\"app.db\"]\n[[source.app.companions]]\npath = \"faiss\"\nexclude = [\"*.tmp\"]\n");
    const auto with_pattern = format("{}", must(try_backup({database})).number);
    write(folder + "/x.tmp", "t");
    EXPECT_THAT(lines(with_pattern, "live"), ElementsAre("changed faiss time"));
    EXPECT_THAT(lines(first, "live"), ::testing::Contains("added faiss/x.tmp")) << "by the rules of a backup that would have taken it";
}

TEST_F(DiffOfFiles, WhatCannotBeReadIsToldAndNotCalledEqual) {
    files.unreadable = {folder + "/1.index"};  // touched so shortly before the backup that it must be read
    const auto report = must(diff(context, diff_request(first, "live")));
    ASSERT_TRUE(report.companions);
    EXPECT_TRUE(report.incomplete);
    EXPECT_FALSE(report.equal);
    EXPECT_THAT(report.companions->warnings, ElementsAre(HasSubstr("1.index")));
}

TEST_F(DiffOfFiles, WhatCannotBeLookedAtIsNotCalledRemoved) {
    files.unreadable = {folder + "/sub"};
    const auto report = must(diff(context, diff_request(first, "live")));
    ASSERT_TRUE(report.companions);
    EXPECT_TRUE(report.companions->incomplete);
    EXPECT_EQ(report.companions->removed, 0u);
    EXPECT_THAT(report.companions->warnings, ElementsAre(HasSubstr("faiss/sub")));
}

TEST_F(DiffOfFiles, WhatNothingHasTouchedSinceIsNotRead) {
    let_time_pass();  // the files are older than the backup by more than file systems are exact
    const auto second = backed_up();
    files.unreadable = {folder + "/1.index"};
    EXPECT_THAT(lines(second, "live"), IsEmpty());
    write(folder + "/1.index", pattern(299'999));
    EXPECT_THAT(lines(second, "live"), ElementsAre("changed faiss/1.index content,time")) << "its size says so";
}

TEST_F(DiffOfFiles, AQuestionAboutDatabasesIsAboutThemAlone) {
    write(folder + "/x", "t");
    auto request = diff_request(first, "live");
    request.only = {"app.db"};
    EXPECT_FALSE(must(diff(context, request)).companions);
    request = diff_request(first, database);
    EXPECT_FALSE(must(diff(context, request)).companions) << "a file has none";
}

}  // namespace
}  // namespace holdfast::operations

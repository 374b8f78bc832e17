#include "holdfast/operations/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "operations/world_with_companions.h"

namespace holdfast::operations {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class FilesOfABackup : public WorldWithCompanions {
protected:
    FilesOfABackup() : number(backed_up()) {}

    CatRequest cat_request(const std::string& snapshot, const std::string& path = "") {
        CatRequest request;
        request.repository = in_repository();
        request.snapshot = snapshot;
        request.path = path;
        request.write = [this](ByteView bytes) -> Result<void> {
            written += text_of(bytes);
            return {};
        };
        return request;
    }
    std::string bytes_by_cat(const std::string& snapshot, const std::string& path = "") {
        written.clear();
        const auto report = must(cat(context, cat_request(snapshot, path)));
        EXPECT_EQ(report.bytes, written.size());
        EXPECT_EQ(report.sha256, sha256(bytes_of(written)).hex());
        return written;
    }
    Result<RestoreReport> restore_paths(const std::vector<std::string>& paths, const std::string& to) {
        auto request = restore_request(number);
        request.paths = paths;
        request.to = to;
        return restore(context, request);
    }
    std::string written;
    const std::string number;
};

TEST_F(FilesOfABackup, AreListedWithWhatIsKnownOfThem) {
    const auto found = listed_files(files_request(number));
    ASSERT_THAT(found, SizeIs(11));
    EXPECT_EQ(found.at("app.db").kind, "database");
    EXPECT_EQ(found.at("app.db").pages * 4096, std::filesystem::file_size(database));
    for (const auto& [path, file] : found) {
        const auto there = must(files.status_of_link(work + "/" + path));
        EXPECT_EQ(file.mode, there.mode) << path;
        EXPECT_EQ(file.owner, there.owner) << path;
        EXPECT_EQ(file.modified, there.modified) << path;
        EXPECT_EQ(file.kind == "folder", there.kind == host::FileKind::folder) << path;
        EXPECT_EQ(file.kind == "link", there.kind == host::FileKind::link) << path;
        EXPECT_EQ(file.size, there.kind == host::FileKind::regular ? there.size : 0) << path;
    }
    EXPECT_EQ(found.at("faiss/link").link_target, "../app.db");
    const auto report = must(list_files(context, files_request(number)));
    EXPECT_EQ(report.databases, 1u);
    EXPECT_EQ(report.files, 6u);
    EXPECT_EQ(report.folders, 3u);
    EXPECT_EQ(report.links, 1u);
    EXPECT_EQ(report.folder, work + "/");
}

TEST_F(FilesOfABackup, AreLimitedByPathDepthAndPattern) {
    EXPECT_THAT(names(files_request(number, {"faiss/sub"})), ElementsAre("faiss/sub", "faiss/sub/empty", "faiss/sub/notes.txt"));
    EXPECT_THAT(names(files_request(number, {"app.db", folder + "/sub/empty/"})), ElementsAre("app.db", "faiss/sub/empty"));
    EXPECT_EQ(must(list_files(context, files_request(number, {"faiss/sub/notes.txt", "faiss/sub"}))).files, 1u) << "each once";
    auto request = files_request(number);
    request.depth = "0";
    EXPECT_THAT(names(request), ElementsAre("app.db", "faiss"));
    request.paths = {"faiss/sub"};
    request.depth = "1";
    EXPECT_THAT(names(request), ElementsAre("faiss/sub", "faiss/sub/empty", "faiss/sub/notes.txt"));
    request = files_request(number);
    request.find = {"*.index", "!2.*"};
    EXPECT_THAT(names(request), ElementsAre("faiss/1.index"));
    request.find = {"/faiss/*.json", "empty/"};
    EXPECT_THAT(names(request), ElementsAre("faiss/1.meta.json", "faiss/sub/empty"));
    request.depth = "some";
    EXPECT_THAT(list_files(context, request), FailsWith(ErrorCode::invalid));
}

// By the folder that all share, one above it, and the working folder; never by a guess.
TEST_F(FilesOfABackup, PathsAreUnderstoodAsPeopleWriteThem) {
    EXPECT_THAT(names(files_request(number, {"work/faiss/1.index"})), ElementsAre("faiss/1.index"));
    EXPECT_THAT(names(files_request(number, {"./faiss//sub/../1.index"})), ElementsAre("faiss/1.index")) << "from the working folder";
    EXPECT_THAT(names(files_request(number, {"."})), SizeIs(11));
    EXPECT_THAT(names(files_request(number, {work})), SizeIs(11));
    std::filesystem::current_path(folder + "/sub");
    EXPECT_THAT(names(files_request(number, {"notes.txt"})), ElementsAre("faiss/sub/notes.txt"));
    EXPECT_THAT(names(files_request(number, {"../link"})), ElementsAre("faiss/link"));
    std::filesystem::create_symlink(folder, work + "/by-link");
    EXPECT_THAT(names(files_request(number, {work + "/by-link/link"})), ElementsAre("faiss/link")) << "a link that was kept is not followed";

    std::filesystem::create_directories(folder + "/sub/faiss/sub");
    write(folder + "/sub/faiss/sub/x", "");
    const auto second = backed_up();
    EXPECT_THAT(list_files(context, files_request(second, {"faiss/sub"})), FailsWith(ErrorCode::invalid)) << "two of them now";
    EXPECT_THAT(names(files_request(second, {folder + "/sub/faiss/sub"})), ElementsAre("faiss/sub/faiss/sub", "faiss/sub/faiss/sub/x"));
}

TEST_F(FilesOfABackup, ANameThatIsNoneNamesTheNearest) {
    const auto advice = [&](const std::string& path) {
        auto found = list_files(context, files_request(number, {path}));
        EXPECT_THAT(found, FailsWith(ErrorCode::not_found));
        return found.ok() ? "" : found.error().advice();
    };
    EXPECT_THAT(advice("faiss/1.indx"), HasSubstr(folder + "/1.index"));
    EXPECT_THAT(advice("faiss/sub/note.txt"), HasSubstr(folder + "/sub/notes.txt"));
    EXPECT_THAT(advice("fais"), HasSubstr("faiss"));
    EXPECT_THAT(advice("ap.db"), HasSubstr("app.db"));
    EXPECT_THAT(advice("faiss/1.index/below"), HasSubstr("holdfast files")) << "a file is no folder";
}

TEST_F(FilesOfABackup, CatGivesTheirBytes) {
    EXPECT_EQ(bytes_by_cat(number + ":faiss/1.index"), pattern(300'000));
    EXPECT_EQ(bytes_by_cat(number, "faiss/sub/notes.txt"), "some notes");
    EXPECT_EQ(bytes_by_cat("latest:faiss/2.index"), "");
    EXPECT_EQ(bytes_by_cat(number + ":faiss/new\nline"), "n");
    EXPECT_EQ(bytes_by_cat(number + ":faiss/" + raw_name), "r");
    EXPECT_EQ(bytes_by_cat("id:" + shown(number).backup.id + ":faiss/1.meta.json"), "{}");
    must(restore_paths({"app.db"}, work + "/image.db"));
    EXPECT_EQ(bytes_by_cat(number + ":app.db"), text_of(tests::file_bytes(work + "/image.db")));
    auto by_time = cat_request("faiss/1.meta.json");
    by_time.at = "now";
    written.clear();
    must(cat(context, by_time));
    EXPECT_EQ(written, "{}");
}

TEST_F(FilesOfABackup, CatGivesNothingOfWhatIsNoFile) {
    const auto refused = [&](const std::string& word) {
        auto done = cat(context, cat_request(word));
        EXPECT_THAT(done, FailsWith(ErrorCode::invalid)) << word;
        return done.ok() ? "" : done.error().message();
    };
    EXPECT_THAT(refused(number + ":faiss/link"), HasSubstr("a link to ../app.db"));
    EXPECT_THAT(refused(number + ":faiss"), HasSubstr("a folder"));
    EXPECT_THAT(refused(number), HasSubstr("which file"));
    EXPECT_THAT(cat(context, cat_request(number + ":nothing")), FailsWith(ErrorCode::not_found));
    EXPECT_EQ(written, "");
}

TEST_F(FilesOfABackup, CatNeverGivesBytesThatAreNotProven) {
    damage_largest_pack();
    const auto done = cat(context, cat_request(number + ":faiss/1.index"));
    ASSERT_THAT(done, FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(done.error().message(), HasSubstr("1.index"));
    EXPECT_TRUE(pattern(300'000).starts_with(written));
    EXPECT_LT(written.size(), 300'000u);
}

TEST_F(FilesOfABackup, AReaderThatHasGoneEndsIt) {
    auto request = cat_request(number + ":faiss/1.index");
    request.write = [](ByteView) -> Result<void> { return fail(ErrorCode::unavailable, "nobody reads"); };
    EXPECT_THAT(cat(context, request), FailsWith(ErrorCode::unavailable));
}

TEST_F(FilesOfABackup, SingleOnesAreRestoredAsAWholeRestoreLaysThemOut) {
    const auto report = must(restore_paths({"faiss/1.index", "faiss/sub", "app.db", "faiss/link"}, work + "/back"));
    EXPECT_THAT(report.companions, SizeIs(3));
    EXPECT_THAT(report.databases, SizeIs(1));
    EXPECT_EQ(hash_of_file(work + "/back/faiss/1.index"), hash_of_file(folder + "/1.index"));
    EXPECT_EQ(must(files.status(work + "/back/faiss/sub/notes.txt")).modified, must(files.status(folder + "/sub/notes.txt")).modified);
    EXPECT_TRUE(std::filesystem::is_directory(work + "/back/faiss/sub/empty"));
    EXPECT_EQ(std::filesystem::read_symlink(work + "/back/faiss/link"), "../app.db");
    EXPECT_EQ(rows_of(work + "/back/app.db"), rows_of(database));
    EXPECT_FALSE(exists(work + "/back/faiss/1.meta.json"));

    must(restore_paths({"faiss/1.meta.json"}, work + "/renamed.json.gz"));  // named by a person, whatever the name says
    EXPECT_EQ(text_of(tests::file_bytes(work + "/renamed.json.gz")), "{}");
    must(restore_paths({"faiss/1.meta.json"}, work + "/in-a-folder/"));
    EXPECT_TRUE(exists(work + "/in-a-folder/faiss/1.meta.json"));
    must(restore_paths({work}, work + "/all"));
    EXPECT_EQ(hash_of_file(work + "/all/faiss/1.index"), hash_of_file(folder + "/1.index"));
}

TEST_F(FilesOfABackup, WhatIsThereIsNotReplaced) {
    write(work + "/there", "mine");
    const auto before = files_below(work);
    EXPECT_THAT(restore_paths({"faiss/1.index"}, work + "/there"), FailsWith(ErrorCode::exists));
    EXPECT_THAT(restore_paths({"faiss/sub"}, work + "/there"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(restore_paths({"faiss/1.index", "app.db"}, work), FailsWith(ErrorCode::exists));
    EXPECT_THAT(restore_paths({"faiss/1.index"}, repository + "/x"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(restore_paths({"faiss/1.index"}, "-"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(restore_paths({"faiss/nothing"}, work + "/x"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(restore_paths({"app.db"}, work + "/app.db.gz"), FailsWith(ErrorCode::invalid)) << "the name says what it is not";
    auto dry = restore_request(number);
    dry.paths = {"faiss/1.index"};
    dry.to = work + "/dry";
    dry.dry_run = true;
    EXPECT_EQ(must(restore(context, dry)).companions.at(0).to, work + "/dry");
    auto both = dry;
    both.only = {"app.db"};
    EXPECT_THAT(restore(context, both), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(files_below(work), before);
}

TEST_F(FilesOfABackup, ABackupWithoutCompanionsIsItsDatabases) {
    std::filesystem::remove(work + "/holdfast.toml");
    const auto plain = backed_up();
    EXPECT_THAT(names(files_request(plain)), ElementsAre("app.db"));
    EXPECT_EQ(sha256(bytes_of(bytes_by_cat(plain + ":app.db"))).hex(), shown(plain).members.at(0).sha256);
}

}  // namespace
}  // namespace holdfast::operations

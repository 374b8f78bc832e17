// Companions in whose place, or in that of a folder above, a link has come since the backup.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "holdfast/operations/files.h"
#include "holdfast/operations/source.h"
#include "operations/world.h"
#include "support/file_trees.h"

namespace holdfast::operations {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using tests::tree_of;

// A folder that was the companion itself, and is a link by now: nothing behind it is written or removed.
class LinkInPlaceOfAFolder : public World {
protected:
    LinkInPlaceOfAFolder() {
        make_repository();
        create_database(database, 20);
        settings("app.db");
        write(work + "/data/faiss/1.index", "vectors");
        write(work + "/data/faiss/sub/1.meta.json", "{}");
        number_ = format("{}", back_up().number);
        write(outside + "/faiss/s", "of another");
    }
    static void write(const std::string& path, std::string_view text) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        World::write(path, text);
    }
    void settings(const std::string& of, const std::string& in = "data") {
        write(work + "/holdfast.toml", format("[source.app]\ndatabases = [\"{}\"]\n[[source.app.companions]]\npath = \"{}/faiss\"\n", of, in));
    }
    BackupReport back_up() { return must(try_backup({database})); }
    Result<RestoreReport> restored(const std::string& snapshot, bool is_exact = false) {
        auto request = restore_request(snapshot);
        request.exact = is_exact;
        return restore(context, request);
    }
    std::vector<std::string> kept(const BackupReport& report) {
        std::vector<std::string> found;
        FilesRequest request;
        request.repository = in_repository();
        request.snapshot = format("{}", report.number);
        request.take = [&](const ListedFile& file) -> Result<void> {
            if (file.kind == "file") found.push_back(file.path.substr(work.size() + 1));
            return {};
        };
        must(list_files(context, request));
        return found;
    }
    void lead(const std::string& path, const std::string& to) {
        std::filesystem::rename(path, path + ".real");
        std::filesystem::create_symlink(to, path);
    }
    void expect_refused(const std::string& link, const std::vector<std::string>& paths = {}) {
        const auto there = tree_of(files, outside), here = tree_of(files, work + "/data");
        const auto rows = rows_of(database);
        for (const bool is_rehearsal : {true, false}) {
            for (const bool is_exact : {true, false}) {
                auto request = restore_request(number_);
                request.dry_run = is_rehearsal;
                request.exact = is_exact;
                request.paths = paths;
                const auto refused = restore(context, request);
                ASSERT_THAT(refused, FailsWith(ErrorCode::invalid));
                EXPECT_THAT(refused.error().message(), HasSubstr(link + " is a link now, and was none when the backup was made; it leads to " + outside));
                EXPECT_THAT(refused.error().advice(), HasSubstr("--to FOLDER"));
            }
        }
        EXPECT_EQ(tree_of(files, outside), there);
        EXPECT_EQ(tree_of(files, work + "/data"), here);
        EXPECT_EQ(rows_of(database), rows);
    }
    const std::string outside = root / "work/outside";
    std::string number_;
};

TEST_F(LinkInPlaceOfAFolder, RefusesARestoreInPlace) {
    insert(database, 3);
    lead(work + "/data/faiss", "../outside/faiss");
    expect_refused(work + "/data/faiss");
    expect_refused(work + "/data/faiss", {"data/faiss"});
    expect_refused(work + "/data/faiss", {"data/faiss/1.index"});
    // Put back, it is as ever.
    std::filesystem::remove(work + "/data/faiss");
    std::filesystem::rename(work + "/data/faiss.real", work + "/data/faiss");
    std::filesystem::remove(work + "/data/faiss/1.index");
    must(restored(number_, true));
    EXPECT_TRUE(exists(work + "/data/faiss/1.index"));
}

TEST_F(LinkInPlaceOfAFolder, RefusesItAlsoWhereItIsAFolderAboveOrLeadsNowhere) {
    insert(database, 3);
    lead(work + "/data", "outside");
    const auto here = tree_of(files, outside);
    EXPECT_THAT(restored(number_, true), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(tree_of(files, outside), here);
    std::filesystem::remove_all(outside);
    EXPECT_THAT(restored(number_), FailsWith(ErrorCode::invalid));
    EXPECT_FALSE(exists(outside));
}

TEST_F(LinkInPlaceOfAFolder, OfAPartRefusesThatPart) {
    lead(work + "/data/faiss/sub", "../../outside/faiss");
    expect_refused(work + "/data/faiss/sub", {"data/faiss/sub/1.meta.json"});
    // The whole has the folder where the link is.
    must(restored(number_));
    EXPECT_TRUE(std::filesystem::is_directory(std::filesystem::symlink_status(work + "/data/faiss/sub")));
    EXPECT_FALSE(exists(outside + "/faiss/1.meta.json"));
}

// All of it was moved to another disk, say, and is reached by its old path.
TEST_F(LinkInPlaceOfAFolder, ThatTheDatabaseIsReachedByAsWellIsFollowed) {
    create_database(work + "/data/own.db", 5);
    settings("data/own.db");
    const auto kept_as = format("{}", must(try_backup({work + "/data/own.db"})).number);
    lead(work + "/data", "data.real");
    write(work + "/data.real/faiss/1.index", "changed");
    const auto report = must(restored(kept_as));
    EXPECT_EQ(report.companions.at(0).to, work + "/data.real/faiss");
    EXPECT_THAT(report.companions[0].notes, Contains(HasSubstr("leads there now")));
    EXPECT_EQ(text_of(tests::file_bytes(work + "/data.real/faiss/1.index")), "vectors");
}

// What the database was moved with lies where its new backups know it to be.
TEST_F(LinkInPlaceOfAFolder, ThatASourceWasMovedToIsFollowedWhenItsBackupsKnowIt) {
    settings("old/own.db", "old");
    write(work + "/old/faiss/1.index", "vectors");
    create_database(work + "/old/own.db", 5);
    const auto kept_as = format("{}", must(try_backup({work + "/old/own.db"})).number);
    std::filesystem::create_directories(work + "/new");
    std::filesystem::rename(work + "/old/own.db", work + "/new/own.db");
    std::filesystem::rename(work + "/old/faiss", work + "/disk");
    std::filesystem::create_symlink("../disk", work + "/new/faiss");
    SourceMoveRequest move;
    move.repository = in_repository();
    move.from = work + "/old/own.db";
    move.to = work + "/new/own.db";
    must(move_source(context, move));
    settings("new/own.db", "new");
    EXPECT_THAT(restored(kept_as), FailsWith(ErrorCode::invalid)) << "nothing says yet that this is meant";
    must(try_backup({work + "/new/own.db"}));
    write(work + "/disk/1.index", "changed");
    EXPECT_EQ(must(restored(kept_as)).companions.at(0).to, work + "/disk");
    EXPECT_EQ(text_of(tests::file_bytes(work + "/disk/1.index")), "vectors");
}

TEST_F(LinkInPlaceOfAFolder, IsToldByTheBackupThatFollowsItFirst) {
    lead(work + "/data/faiss", "../outside/faiss");
    const auto told = back_up();
    EXPECT_THAT(told.warnings, Contains(HasSubstr(work + "/data/faiss leads to " + outside + "/faiss now, by a link that was none in backup #" + number_)));
    EXPECT_THAT(kept(told), ElementsAre("outside/faiss/s"));
    EXPECT_THAT(back_up().warnings, Not(Contains(HasSubstr("by a link"))));
    // What is known under both names is not confused.
    std::filesystem::remove(work + "/data/faiss");
    std::filesystem::rename(work + "/data/faiss.real", work + "/data/faiss");
    EXPECT_THAT(back_up().warnings, Not(Contains(HasSubstr("by a link"))));
}

}  // namespace
}  // namespace holdfast::operations

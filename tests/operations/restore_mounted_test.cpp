// Restores in place of files at which something is mounted: nothing can be renamed over those.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include "operations/world_with_companions.h"

namespace holdfast::operations {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// mount --bind, within one file system: the device tells nothing.
class Mounted {
public:
    Mounted(const std::string& what, std::string at) : at_(std::move(at)), is_there_(::mount(what.c_str(), at_.c_str(), nullptr, MS_BIND, nullptr) == 0) {}
    Mounted(const Mounted&) = delete;
    Mounted& operator=(const Mounted&) = delete;
    ~Mounted() {
        if (is_there_) ::umount2(at_.c_str(), MNT_DETACH);
    }
    bool is_there() const { return is_there_; }

private:
    std::string at_;
    bool is_there_;
};

class RestoringMounted : public WorldWithCompanions {
protected:
    RestoringMounted() { std::filesystem::create_directories(root / "outside/folder"); }
    // Alike in the dry run and the real one, before anything is backed up or changed.
    void expect_refused(RestoreRequest request, const std::string& at) {
        const auto before = listed().backups.size();
        for (const bool is_rehearsal : {true, false}) {
            request.dry_run = is_rehearsal;
            const auto refused = restore(context, request);
            ASSERT_THAT(refused, FailsWith(ErrorCode::invalid)) << is_rehearsal;
            EXPECT_THAT(refused.error().message(), AllOf(HasSubstr(at), HasSubstr("mount point")));
            EXPECT_THAT(refused.error().advice(), AllOf(HasSubstr("umount '" + at + "'"), HasSubstr("--to")));
        }
        EXPECT_EQ(listed().backups.size(), before) << "no backup of the state before";
    }
};

TEST_F(RestoringMounted, AFileThatIsAMountPointIsRefusedBeforeAnythingHappens) {
    const auto number = backed_up();
    write(root / "outside/1.index", "mounted over it");
    const Mounted mounted(root / "outside/1.index", folder + "/1.index");
    if (!mounted.is_there()) GTEST_SKIP() << "nothing may be mounted here";
    expect_refused(restore_request(number), folder + "/1.index");
    EXPECT_EQ(std::string(text_of(tests::file_bytes(folder + "/1.index"))), "mounted over it");
}

TEST_F(RestoringMounted, OneThatExactWouldRemoveIsRefusedAndOneThatStaysIsNot) {
    const auto number = backed_up();
    write(folder + "/more", "");
    write(root / "outside/more", "mounted over it");
    const Mounted mounted(root / "outside/more", folder + "/more");
    if (!mounted.is_there()) GTEST_SKIP() << "nothing may be mounted here";
    auto exactly = restore_request(number);
    exactly.exact = true;
    expect_refused(exactly, folder + "/more");
    write(folder + "/sub/notes.txt", "other notes");
    EXPECT_THAT(restore_in_place(number), Succeeds());
    EXPECT_EQ(std::string(text_of(tests::file_bytes(folder + "/sub/notes.txt"))), "some notes");
}

TEST_F(RestoringMounted, WhatLiesInAMountedFolderIsRefused) {
    const auto number = backed_up();
    write(root / "outside/folder/notes.txt", "other notes");
    const Mounted mounted(root / "outside/folder", folder + "/sub");
    if (!mounted.is_there()) GTEST_SKIP() << "nothing may be mounted here";
    expect_refused(restore_request(number), folder + "/sub");
    const auto refused = restore(context, restore_request(number));
    EXPECT_THAT(refused.error().advice(), ::testing::StartsWith("holdfast restore " + number + " --to FOLDER, and copy from there")) << "after umount it would lie where nobody sees it";
    EXPECT_THAT(refused.error().advice(), ::testing::Not(HasSubstr("restore again")));
}

// A database that is usable is written to; another one would be replaced as a whole.
TEST_F(RestoringMounted, ADatabaseThatIsAMountPointIsWrittenToAndNotReplaced) {
    const auto number = backed_up();
    const auto rows = rows_of(database);
    std::filesystem::copy_file(database, root / "outside/app.db");
    const Mounted mounted(root / "outside/app.db", database);
    if (!mounted.is_there()) GTEST_SKIP() << "nothing may be mounted here";
    insert(database, 3);
    auto request = restore_request(number);
    request.only = {"app.db"};
    must(restore(context, request));
    EXPECT_EQ(rows_of(database), rows);
    overwrite(root / "outside/app.db", 0, "this is no database any more");
    expect_refused(request, database);
}

// As those of containers are: all of it is one file system, seen from within.
TEST_F(RestoringMounted, ACompanionThatIsAMountPointItselfComesBack) {
    const auto number = backed_up();
    const Mounted mounted(root / "outside/folder", folder);
    if (!mounted.is_there()) GTEST_SKIP() << "nothing may be mounted here";
    write(folder + "/1.index", "another");
    must(restore_in_place(number));
    EXPECT_EQ(std::string(text_of(tests::file_bytes(folder + "/1.index"))), pattern(300'000));
    EXPECT_EQ(std::string(text_of(tests::file_bytes(root / "outside/folder/sub/notes.txt"))), "some notes");
}

}  // namespace
}  // namespace holdfast::operations

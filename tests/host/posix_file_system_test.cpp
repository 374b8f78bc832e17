#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"
#include "holdfast/host/file_system_type.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

class PosixFiles : public ::testing::Test {
protected:
    std::unique_ptr<File> make(const std::string& name, std::string_view text = "") {
        auto file = must(files.create(folder / name, 0600));
        must(file->write_at(0, bytes_of(text)));
        return file;
    }
    std::string text_in(const std::string& name) {
        return std::string(text_of(must(read_file(files, folder / name, 1 << 20))));
    }
    TemporaryFolder folder;
    FileSystem& files = posix_file_system();
};

TEST_F(PosixFiles, KeepWhatIsWrittenWhereItIsWritten) {
    const auto file = make("a");
    ASSERT_THAT(file->write_at(4, bytes_of("late")), Succeeds());
    ASSERT_THAT(file->write_at(0, bytes_of("soon")), Succeeds());
    ASSERT_THAT(file->sync(), Succeeds());
    EXPECT_EQ(text_in("a"), "soonlate");
    EXPECT_EQ(must(file->size()), 8u);
}

TEST_F(PosixFiles, ReadShortOnlyAtTheEnd) {
    make("a", "0123456789");
    const auto file = must(files.open_to_read(folder / "a"));
    Bytes into(4);
    EXPECT_EQ(must(file->read_at(2, into)), 4u);
    EXPECT_EQ(text_of(into), "2345");
    EXPECT_EQ(must(file->read_at(8, into)), 2u);
    EXPECT_EQ(must(file->read_at(100, into)), 0u);
}

TEST_F(PosixFiles, ResizeCutsAndFillsWithZeros) {
    const auto file = make("a", "abcdef");
    ASSERT_THAT(file->resize(2), Succeeds());
    ASSERT_THAT(file->resize(4), Succeeds());
    EXPECT_EQ(text_in("a"), std::string("ab\0\0", 4));
}

TEST_F(PosixFiles, HolesAreKnownWhereTheFileSystemTells) {
    constexpr std::uint64_t mebibyte = 1 << 20;
    const auto file = make("a");
    ASSERT_THAT(file->resize(100 * mebibyte), Succeeds());
    ASSERT_THAT(file->write_at(50 * mebibyte, bytes_of("data")), Succeeds());  // not synced
    const std::string type = must(file_system_type(must(files.canonical(folder.path())))).type;
    const bool tells = std::set<std::string>{"ext4", "xfs", "btrfs", "f2fs", "tmpfs"}.contains(type);
    if (tells) {
        EXPECT_EQ(file->next_data(0), 50 * mebibyte);
        EXPECT_EQ(file->next_data(49 * mebibyte), 50 * mebibyte);
        EXPECT_EQ(file->next_data(60 * mebibyte), 100 * mebibyte);
    } else {
        EXPECT_EQ(file->next_data(0), 0u) << type;
        EXPECT_EQ(file->next_data(60 * mebibyte), 60 * mebibyte) << type;
    }
    EXPECT_EQ(file->next_data(50 * mebibyte), 50 * mebibyte);
    EXPECT_EQ(file->next_data(50 * mebibyte + 2), 50 * mebibyte + 2);
    EXPECT_EQ(file->next_data(100 * mebibyte), 100 * mebibyte);
    EXPECT_EQ(file->next_data(101 * mebibyte), 101 * mebibyte);
}

TEST_F(PosixFiles, CreateRefusesWhatIsThere) {
    make("a", "first");
    EXPECT_THAT(files.create(folder / "a", 0600), FailsWith(ErrorCode::exists));
    ASSERT_EQ(::symlink("nowhere", (folder / "link").c_str()), 0);
    EXPECT_THAT(files.create(folder / "link", 0600), FailsWith(ErrorCode::exists));
    EXPECT_EQ(text_in("a"), "first");
}

TEST_F(PosixFiles, ModesAreExactWhateverTheUmask) {
    const auto umask_before = ::umask(077);
    static_cast<void>(must(files.create(folder / "shared", 0664)));
    must(files.make_folder(folder / "group", 02770));
    ::umask(umask_before);
    EXPECT_EQ(must(files.status(folder / "shared")).mode, 0664u);
    EXPECT_EQ(must(files.status(folder / "group")).mode, 02770u);
    must(files.make_folder(folder / "group/inside", 0750));
    EXPECT_EQ(must(files.status(folder / "group/inside")).mode, 02750u) << "an inherited set-group-id bit stays";
    must(files.set_mode(folder / "shared", 0600));
    EXPECT_EQ(must(files.status(folder / "shared")).mode, 0600u);
}

TEST_F(PosixFiles, LinkGivesASecondNameAndReplacesNothing) {
    make("a", "one");
    make("taken", "two");
    ASSERT_THAT(files.link(folder / "a", folder / "b"), Succeeds());
    EXPECT_EQ(must(files.status(folder / "a")).inode, must(files.status(folder / "b")).inode);
    EXPECT_THAT(files.link(folder / "a", folder / "taken"), FailsWith(ErrorCode::exists));
    EXPECT_EQ(text_in("taken"), "two");
    EXPECT_THAT(files.link(folder / "missing", folder / "c"), FailsWith(ErrorCode::not_found));
}

TEST_F(PosixFiles, LinkSaysUnavailableWhereTheFileSystemHasNone) {
    // Folders have no hard links anywhere: the same answer as from a file system without any.
    must(files.make_folder(folder / "sub", 0700));
    const auto linked = files.link(folder / "sub", folder / "other");
    ASSERT_THAT(linked, FailsWith(ErrorCode::unavailable));
    EXPECT_FALSE(linked.error().advice().empty());
}

TEST_F(PosixFiles, RenameReplacesAndRenameIfAbsentDoesNot) {
    make("a", "one");
    make("b", "two");
    EXPECT_THAT(files.rename_if_absent(folder / "a", folder / "b"), FailsWith(ErrorCode::exists));
    EXPECT_EQ(text_in("b"), "two");
    ASSERT_THAT(files.rename(folder / "a", folder / "b"), Succeeds());
    EXPECT_EQ(text_in("b"), "one");
    ASSERT_THAT(files.rename_if_absent(folder / "b", folder / "c"), Succeeds());
    EXPECT_THAT(must(files.list(folder.path())), UnorderedElementsAre("c"));
    EXPECT_THAT(files.rename(folder / "missing", folder / "d"), FailsWith(ErrorCode::not_found));
}

TEST_F(PosixFiles, FoldersAreMadeListedAndRemoved) {
    ASSERT_THAT(files.make_folder(folder / "sub", 0700), Succeeds());
    EXPECT_THAT(files.make_folder(folder / "sub", 0700), FailsWith(ErrorCode::exists));
    make("sub/.hidden");
    make("sub/na\nme");
    EXPECT_THAT(must(files.list(folder / "sub")), UnorderedElementsAre(".hidden", "na\nme"));
    EXPECT_THAT(files.remove_folder(folder / "sub"), FailsWith(ErrorCode::exists));
    EXPECT_THAT(files.sync_folder(folder / "sub"), Succeeds());
    must(files.remove(folder / "sub/.hidden"));
    must(files.remove(folder / "sub/na\nme"));
    EXPECT_THAT(files.remove_folder(folder / "sub"), Succeeds());
    EXPECT_THAT(files.list(folder / "sub"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(files.sync_folder(folder / "sub"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(files.remove(folder / "missing"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(files.remove(folder.path()), FailsWith(ErrorCode::invalid));
}

TEST_F(PosixFiles, StatusFollowsLinksAndStatusOfLinkDoesNot) {
    make("a", "four");
    ASSERT_EQ(::symlink("a", (folder / "link").c_str()), 0);
    const auto status = must(files.status(folder / "link"));
    EXPECT_EQ(status.kind, FileKind::regular);
    EXPECT_EQ(status.size, 4u);
    EXPECT_EQ(status.owner, ::geteuid());
    EXPECT_GT(status.modified.nanoseconds, 1'600'000'000 * nanoseconds_per_second);
    EXPECT_EQ(must(files.status_of_link(folder / "link")).kind, FileKind::link);
    EXPECT_EQ(must(files.read_link(folder / "link")), "a");
    EXPECT_THAT(files.read_link(folder / "a"), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(must(files.canonical(folder / "./link")), must(files.canonical(folder / "a")));
    EXPECT_EQ(must(files.status("/dev/null")).kind, FileKind::other);
    EXPECT_THAT(files.status(folder / "a/below"), FailsWith(ErrorCode::not_found));
}

TEST_F(PosixFiles, LinksAreMadeAsTheySayAndReplaceNothing) {
    ASSERT_THAT(files.make_link("not/there yet", folder / "link"), Succeeds());
    EXPECT_EQ(must(files.read_link(folder / "link")), "not/there yet");
    EXPECT_THAT(files.make_link("other", folder / "link"), FailsWith(ErrorCode::exists));
    make("file", "kept");
    EXPECT_THAT(files.make_link("other", folder / "file"), FailsWith(ErrorCode::exists));
    EXPECT_EQ(text_in("file"), "kept");
    EXPECT_EQ(must(files.read_link(folder / "link")), "not/there yet");
    EXPECT_THAT(files.make_link("other", folder / "missing/link"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(files.make_link(std::string("a\0b", 3), folder / "zero"), FailsWith(ErrorCode::invalid));
}

// Whether it can is the file system's; stories/one_moment.py has one that does.
TEST_F(PosixFiles, ACloneIsAFileOfItsOwnOrNone) {
    make("a", "four");
    must(files.make_link("a", folder / "link"));
    EXPECT_THAT(files.clone_unfollowed(folder / "link"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.clone_unfollowed(folder / "missing"), FailsWith(ErrorCode::not_found));
    const auto names = must(files.list(folder / ".")).size();
    const auto cloned = files.clone_unfollowed(folder / "a");
    EXPECT_EQ(must(files.list(folder / ".")).size(), names);
    if (!cloned) {
        EXPECT_THAT(cloned, FailsWith(ErrorCode::unavailable));
        return;
    }
    EXPECT_TRUE(cloned->original == must(files.status(folder / "a")));
    must(must(files.open_to_write(folder / "a"))->write_at(0, bytes_of("FOUR")));
    Bytes bytes(4);
    EXPECT_EQ(must(cloned->clone->read_at(0, bytes)), 4u);
    EXPECT_EQ(text_of(bytes), "four");
}

TEST_F(PosixFiles, OpeningUnfollowedRefusesALinkAndDoesNotWait) {
    make("a", "four");
    must(files.make_link("a", folder / "link"));
    EXPECT_THAT(files.open_to_read(folder / "link"), Succeeds());
    EXPECT_THAT(files.open_to_read_unfollowed(folder / "link"), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(must(must(files.open_to_read_unfollowed(folder / "a"))->size()), 4u);
    must(files.make_folder(folder / "sub", 0700));
    make("sub/b", "five!");
    must(files.make_link("sub", folder / "way"));
    EXPECT_EQ(must(must(files.open_to_read_unfollowed(folder / "way/b"))->size()), 5u) << "only the last part is not followed";
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(files.open_to_read_unfollowed(folder / "pipe"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.open_to_read_unfollowed(folder / "sub"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.open_to_read_unfollowed(folder / "missing"), FailsWith(ErrorCode::not_found));
}

TEST_F(PosixFiles, TimesAreSetToTheNanosecondAlsoOfFoldersAndLinks) {
    make("a", "four");
    must(files.make_folder(folder / "sub", 0700));
    must(files.make_link("a", folder / "link"));
    const Timestamp before_1970{-1'500'000'001}, early{1'000'000'000'123'456'789}, late{2'000'000'000'000'000'001}, later{2'100'000'000'500'000'000};
    struct stat first{}, then{};
    ASSERT_EQ(::stat((folder / "a").c_str(), &first), 0);
    must(files.set_modified(folder / "a", early));
    must(files.set_modified(folder / "sub", late));
    must(files.set_modified(folder / "link", later));
    EXPECT_EQ(must(files.status(folder / "a")).modified, early) << "and not what the link got";
    EXPECT_EQ(must(files.status(folder / "sub")).modified, late);
    EXPECT_EQ(must(files.status_of_link(folder / "link")).modified, later);
    ASSERT_EQ(::stat((folder / "a").c_str(), &then), 0);
    EXPECT_EQ(std::pair(first.st_atim.tv_sec, first.st_atim.tv_nsec), std::pair(then.st_atim.tv_sec, then.st_atim.tv_nsec));
    must(files.set_modified(folder / "a", before_1970));
    EXPECT_EQ(must(files.status(folder / "a")).modified, before_1970);
    EXPECT_THAT(files.set_modified(folder / "missing", early), FailsWith(ErrorCode::not_found));
}

TEST_F(PosixFiles, TheStatusOfAnOpenFileIsOfTheFileNotOfItsName) {
    const auto file = make("a", "four");
    EXPECT_EQ(must(file->status()), must(files.status(folder / "a")));
    must(files.rename(folder / "a", folder / "b"));
    make("a", "other");
    EXPECT_EQ(must(file->status()), must(files.status(folder / "b")));
    must(files.remove(folder / "b"));
    EXPECT_EQ(must(file->status()).links, 0u);
    EXPECT_EQ(must(file->status()).size, 4u);
}

TEST_F(PosixFiles, LongLinksAreReadWhole) {
    const std::string target(3000, 'x');
    ASSERT_EQ(::symlink(target.c_str(), (folder / "link").c_str()), 0);
    EXPECT_EQ(must(files.read_link(folder / "link")), target);
}

TEST_F(PosixFiles, OnlyRegularFilesAreOpened) {
    ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
    EXPECT_THAT(files.open_to_read(folder / "pipe"), FailsWith(ErrorCode::invalid)) << "and it does not wait";
    EXPECT_THAT(files.open_to_read(folder.path()), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.open_to_write("/dev/null"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.open_to_write(folder / "missing"), FailsWith(ErrorCode::not_found));
}

TEST_F(PosixFiles, APathWithAZeroByteIsNoPath) {
    make("a", "kept");
    const std::string path = (folder / "a") + std::string("\0.tmp", 5);
    EXPECT_THAT(files.open_to_read(path), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.remove(path), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.rename(path, folder / "b"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(files.link(folder / "a", path), FailsWith(ErrorCode::invalid));
    EXPECT_EQ(text_in("a"), "kept");
}

TEST_F(PosixFiles, OwnerAndModeAreOfTheOpenFileNotOfItsName) {
    const auto file = must(files.create(folder / "a", 0600));
    must(files.rename(folder / "a", folder / "b"));
    must(files.create(folder / "a", 0600));
    must(file->set_mode(0640));
    EXPECT_EQ(must(files.status(folder / "b")).mode, 0640u);
    EXPECT_EQ(must(files.status(folder / "a")).mode, 0600u);
    if (::geteuid() != 0) {
        EXPECT_THAT(file->set_owner(65534, 65534), FailsWith(ErrorCode::denied));
        return;
    }
    must(file->set_owner(65534, 65533));
    EXPECT_EQ(must(files.status(folder / "b")).owner, 65534u);
    EXPECT_EQ(must(files.status(folder / "b")).group, 65533u);
    EXPECT_EQ(must(files.status(folder / "a")).owner, 0u);
}

TEST_F(PosixFiles, ErrorsNameTheStepThePathAndTheReason) {
    const auto missing = files.open_to_read(folder / "missing");
    ASSERT_THAT(missing, FailsWith(ErrorCode::not_found));
    EXPECT_EQ(missing.error().message(), "open " + (folder / "missing") + ": no such file or folder");
}

TEST_F(PosixFiles, OwnersAreOfTheLinkItself) {
    make("file");
    must(files.make_link("file", folder / "link"));
    const auto mine = must(files.status(folder / "file"));
    ASSERT_THAT(files.set_owner(folder / "link", mine.owner, mine.group), Succeeds());
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
    must(files.set_owner(folder / "link", 65534, 65533));
    EXPECT_EQ(must(files.status_of_link(folder / "link")).owner, 65534u);
    EXPECT_EQ(must(files.status_of_link(folder / "link")).group, 65533u);
    EXPECT_EQ(must(files.status(folder / "file")).owner, mine.owner);
    EXPECT_THAT(files.set_owner(folder / "nothing", 0, 0), FailsWith(ErrorCode::not_found));
}

TEST_F(PosixFiles, MountPointsAreTold) {
    make("file");
    for (const auto& path : {folder / "file", folder.path(), folder / "nothing"}) EXPECT_FALSE(files.is_mount_point(path)) << path;
    if (must(files.status("/proc")).device == must(files.status("/")).device) GTEST_SKIP() << "nothing is mounted there";
    EXPECT_TRUE(files.is_mount_point("/proc"));
}

TEST_F(PosixFiles, WhatMayNotBeDoneIsDenied) {
    must(files.make_folder(folder / "sub", 0700));
    must(files.set_mode(folder / "sub", 0500));
    must(files.set_mode(folder.path(), 0711));
    make("mine");
    must(files.set_mode(folder / "mine", 0200));
    const bool is_root = ::geteuid() == 0;
    if (is_root) {
        ASSERT_EQ(::chown((folder / "sub").c_str(), 65534, 65534), 0);
        ASSERT_EQ(::seteuid(65534), 0);
    }
    const auto denied = files.create(folder / "sub/a", 0600);
    const auto unreadable = files.expect_readable(folder / "mine"), readable = files.expect_readable(folder / "sub");
    const bool is_back = !is_root || ::seteuid(0) == 0;
    ASSERT_TRUE(is_back);
    ASSERT_THAT(denied, FailsWith(ErrorCode::denied));
    EXPECT_THAT(unreadable, FailsWith(ErrorCode::denied));
    EXPECT_THAT(readable, Succeeds());
    EXPECT_THAT(files.expect_readable(folder / "missing"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(denied.error().advice(), HasSubstr("ls -ld"));
}

TEST_F(PosixFiles, AFileBeyondItsLimitIsFull) {
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    const auto signal_before = std::signal(SIGXFSZ, SIG_IGN);
    const auto file = make("a");
    const rlimit small{.rlim_cur = 1000, .rlim_max = before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto written = file->write_at(0, Bytes(4000));
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    std::signal(SIGXFSZ, signal_before);
    EXPECT_THAT(written, FailsWith(ErrorCode::full));
    EXPECT_EQ(must(file->size()), 1000u) << "the write went as far as it could, in two steps";
}

TEST_F(PosixFiles, FreeBytesAreThoseOfTheFileSystem) {
    EXPECT_GT(must(files.free_bytes(folder.path())), 0u);
    EXPECT_THAT(files.free_bytes(folder / "missing"), FailsWith(ErrorCode::not_found));
}

TEST_F(PosixFiles, DescriptorsAreNotInherited) {
    const auto file = make("a");
    EXPECT_EQ(::system(("for f in /proc/self/fd/*; do test \"$(readlink $f)\" = '" + (folder / "a") +
                        "' && exit 1; done; exit 0")
                           .c_str()),
              0);
}

TEST_F(PosixFiles, ALockKeepsOthersOutUntilItIsDestroyed) {
    auto lock = must(files.try_lock(folder / "lock"));
    EXPECT_THAT(files.try_lock(folder / "lock"), FailsWith(ErrorCode::busy)) << "within the process too";
    const pid_t child = ::fork();
    if (child == 0) {
        // A descriptor of its own: what the parent holds must keep it out.
        const auto in_child = files.try_lock(folder / "lock");
        ::_exit(!in_child && in_child.error().code() == ErrorCode::busy ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    lock.reset();
    EXPECT_THAT(files.try_lock(folder / "lock"), Succeeds());
}

TEST_F(PosixFiles, ALockFileMadeAnewIsAnotherLock) {
    const auto old_lock = must(files.try_lock(folder / "lock"));
    must(files.remove(folder / "lock"));
    EXPECT_THAT(files.try_lock(folder / "lock"), Succeeds());
}

}  // namespace
}  // namespace holdfast::host

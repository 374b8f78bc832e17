#include "holdfast/store/local_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::store {
namespace {

using namespace tests;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// What every store keeps is in tests/contracts, what power cuts leave in tests/faults; here is what is local.
class LocalStoreFiles : public ::testing::Test {
protected:
    std::unique_ptr<ObjectStore> open(LocalStoreOptions options = {}) {
        return must(open_local_store(host, folder.path(), options));
    }
    std::vector<std::string> names_in(const std::string& path) { return must(host.files.list(path)); }
    std::uint32_t mode_of(const std::string& name) { return must(host.files.status(folder / name)).mode; }
    TemporaryFolder folder;
    host::Host host = host::real_host();
};

TEST_F(LocalStoreFiles, AreTheObjectsUnderTheirNames) {
    const auto store = open();
    must(store->put_if_absent(ObjectName("packs/3f/abc"), bytes_of("bytes")));
    EXPECT_EQ(text_of(must(host::read_file(host.files, folder / "packs/3f/abc", 100))), "bytes");
    EXPECT_THAT(names_in(folder / "tmp"), IsEmpty()) << "what was written aside is gone";
}

TEST_F(LocalStoreFiles, AreForTheOwnerAlone) {
    const auto umask_before = ::umask(0);
    must(open()->put_if_absent(ObjectName("packs/3f/abc"), {}));
    ::umask(umask_before);
    EXPECT_EQ(mode_of("packs/3f/abc"), 0600u);
    EXPECT_EQ(mode_of("packs/3f"), 0700u);
    EXPECT_EQ(mode_of("tmp"), 0700u);
}

TEST_F(LocalStoreFiles, AreSharedWithAGroupByASetting) {
    const auto umask_before = ::umask(077);
    must(open({.file_mode = 0660, .folder_mode = 02770})->put_if_absent(ObjectName("packs/3f/abc"), {}));
    ::umask(umask_before);
    EXPECT_EQ(mode_of("packs/3f/abc"), 0660u);
    EXPECT_EQ(mode_of("packs/3f"), 02770u);
}

TEST_F(LocalStoreFiles, OpeningAndReadingWriteNothing) {
    const auto store = open();
    EXPECT_THAT(store->get(ObjectName("config"), 100), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(must(store->list("")), IsEmpty());
    EXPECT_THAT(must(sweep_leftovers(host, folder.path())).removed, 0u);
    EXPECT_THAT(names_in(folder.path()), IsEmpty());
}

TEST_F(LocalStoreFiles, WhatPeoplePutThereIsNoObject) {
    const auto store = open();
    must(store->put_if_absent(ObjectName("a/b"), {}));
    for (const auto* name : {".gitignore", "a/README.txt", "a/.b.swp", "tmp/x"}) {
        must(host::replace_atomically(host.files, folder / name, {}, 0600));
    }
    ASSERT_EQ(::symlink((folder / "a").c_str(), (folder / "c").c_str()), 0);
    ASSERT_THAT(must(store->list("")), SizeIs(1));
    EXPECT_EQ(must(store->list("")).front().name, ObjectName("a/b"));
}

TEST_F(LocalStoreFiles, AFolderOfObjectsIsNoObject) {
    const auto store = open();
    must(store->put_if_absent(ObjectName("a/b"), bytes_of("x")));
    EXPECT_THAT(store->put_if_absent(ObjectName("a"), {}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(store->get(ObjectName("a"), 100), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(store->status(ObjectName("a")), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(store->get(ObjectName("a/b/c"), 100), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(must(store->list("a/b")), IsEmpty());
    EXPECT_THAT(store->remove(ObjectName("a")), Succeeds());
    EXPECT_THAT(store->get(ObjectName("a/b"), 100), Succeeds());
}

TEST_F(LocalStoreFiles, StayReachableWhenTheWorkingFolderChanges) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    const auto store = must(open_local_store(host, ".", {}));
    std::filesystem::current_path(before);
    must(store->put_if_absent(ObjectName("a"), {}));
    EXPECT_TRUE(must(host::exists(host.files, folder / "a")));
    EXPECT_EQ(store->place(), must(host.files.canonical(folder.path())));
}

TEST_F(LocalStoreFiles, NeedAFolder) {
    EXPECT_THAT(open_local_store(host, folder / "missing", {}), FailsWith(ErrorCode::not_found));
    must(host::replace_atomically(host.files, folder / "file", {}, 0600));
    EXPECT_THAT(open_local_store(host, folder / "file", {}), FailsWith(ErrorCode::invalid));
}

TEST_F(LocalStoreFiles, OfANewStoreAreNone) {
    must(create_local_folder(host, folder / "new/store", {}));
    EXPECT_EQ(mode_of("new/store"), 0700u);
    must(create_local_folder(host, folder / "new/store", {.folder_mode = 0750}));
    EXPECT_EQ(mode_of("new/store"), 0750u);
    must(host::replace_atomically(host.files, folder / "new/store/x", {}, 0600));
    EXPECT_THAT(create_local_folder(host, folder / "new/store", {}), FailsWith(ErrorCode::exists));
    EXPECT_THAT(create_local_folder(host, folder / "new/store/x", {}), FailsWith(ErrorCode::exists));
}

TEST_F(LocalStoreFiles, AskForTheCodeOfTheFileSystem) {
    const auto store = open();
    must(host::replace_atomically(host.files, folder / "tmp", {}, 0600));
    EXPECT_FALSE(store->put_if_absent(ObjectName("a"), {}).ok());
    EXPECT_THAT(store->get(ObjectName("a"), 10), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(store->get(ObjectName("a"), 10).error().message(), HasSubstr(folder.path()));
}

// --- leftovers ---

class Leftovers : public LocalStoreFiles {
protected:
    void leave(const std::string& name) {
        must(host::make_folders_durably(host.files, folder / "tmp", 0700));
        must(host::replace_atomically(host.files, folder / ("tmp/" + name), bytes_of("half"), 0600));
    }
    static std::string name_of_writer(const host::ProcessIdentity& writer) {
        return writer.text() + ".0123456789abcdef";
    }
};

TEST_F(Leftovers, OfDeadWritersAreRemovedAndOthersStay) {
    const auto me = host::this_process();
    auto dead = me, elsewhere = me;
    dead.start_ticks += 1;
    elsewhere.boot_id = "another";
    elsewhere.machine_id = "machine";
    leave(name_of_writer(me));
    leave(name_of_writer(dead));
    leave(name_of_writer(elsewhere));
    leave("notes.txt");
    leave("plain");
    const auto swept = must(sweep_leftovers(host, folder.path()));
    EXPECT_EQ(swept.removed, 1u);
    EXPECT_EQ(swept.kept, 4u);
    EXPECT_THAT(names_in(folder / "tmp"),
                ::testing::UnorderedElementsAre(name_of_writer(me), name_of_writer(elsewhere), "notes.txt", "plain"));
}

TEST_F(Leftovers, OfAKilledWriterAreRecognised) {
    const pid_t child = ::fork();
    if (child == 0) {
        // The child dies between writing aside and linking: its link() never returns.
        const auto store = must(open_local_store(host::real_host(), folder.path(), {}));
        must(host.files.make_folder(folder / "tmp", 0700));
        must(host.files.create(folder / ("tmp/" + name_of_writer(host::this_process())), 0600));
        ::_exit(0);
    }
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    ASSERT_THAT(names_in(folder / "tmp"), SizeIs(1));
    EXPECT_EQ(must(sweep_leftovers(host, folder.path())).removed, 1u);
    EXPECT_THAT(names_in(folder / "tmp"), IsEmpty());
}

}  // namespace
}  // namespace holdfast::store

#include <unistd.h>

#include "holdfast/host/environment.h"
#include "holdfast/host/file_system.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;

TEST(Paths, Join) {
    EXPECT_EQ(join_path("/a", "b"), "/a/b");
    EXPECT_EQ(join_path("/a/", "b"), "/a/b");
    EXPECT_EQ(join_path("/", "b"), "/b");
    EXPECT_EQ(join_path("", "b"), "b");
    EXPECT_EQ(join_path("a", ""), "a");
    EXPECT_EQ(join_path("a", "/b"), "/b");
}

TEST(Paths, FolderAndName) {
    struct Case {
        const char *path, *folder, *name;
    };
    for (const auto& [path, folder, name] : {Case{"/a/b", "/a", "b"}, Case{"/a", "/", "a"}, Case{"a", ".", "a"},
                                             Case{"a/b/", "a", "b"}, Case{"a//b", "a", "b"}, Case{"/", "/", ""},
                                             Case{".", ".", "."}, Case{"", ".", ""}}) {
        EXPECT_EQ(folder_of(path), folder) << path;
        EXPECT_EQ(file_name_of(path), name) << path;
    }
}

class FuturePaths : public ::testing::Test {
protected:
    std::string future(const std::string& path) { return must(canonical_or_future(files, path)); }
    TemporaryFolder folder;
    FileSystem& files = posix_file_system();
    std::string root = must(files.canonical(folder.path()));
};

TEST_F(FuturePaths, WhatIsThereIsResolvedAndTheRestAppended) {
    must(files.make_folder(folder / "real", 0700));
    ASSERT_EQ(::symlink("real", (folder / "link").c_str()), 0);
    EXPECT_EQ(future(folder / "link"), root + "/real");
    EXPECT_EQ(future(folder / "link/new"), root + "/real/new");
    EXPECT_EQ(future(folder / "link/new/./below/"), root + "/real/new/below");
    EXPECT_EQ(future(folder / "real/../other"), root + "/other");
}

TEST_F(FuturePaths, ALinkToSomethingMissingLeadsThere) {
    ASSERT_EQ(::symlink("elsewhere/app.db", (folder / "app.db").c_str()), 0);
    EXPECT_EQ(future(folder / "app.db"), root + "/elsewhere/app.db");
    ASSERT_EQ(::symlink((folder / "gone").c_str(), (folder / "absolute").c_str()), 0);
    EXPECT_EQ(future(folder / "absolute/x"), root + "/gone/x");
}

TEST_F(FuturePaths, WhatHasNoMeaningIsRefused) {
    EXPECT_THAT(canonical_or_future(files, folder / "missing/../x"), FailsWith(ErrorCode::not_found));
    ASSERT_EQ(::symlink("loop", (folder / "loop").c_str()), 0);
    EXPECT_THAT(canonical_or_future(files, folder / "loop"), FailsWith(ErrorCode::invalid));
}

TEST_F(FuturePaths, RelativePathsStartInTheWorkingFolder) {
    EXPECT_EQ(future("surely/not/there"), must(files.canonical(working_folder())) + "/surely/not/there");
}

}  // namespace
}  // namespace holdfast::host

#include <sys/stat.h>
#include <unistd.h>

#include "holdfast/host/file_system.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// What holds after a power cut is in tests/faults; here is what holds without one.
class WholeFiles : public ::testing::Test {
protected:
    void write(const std::string& name, std::string_view text) {
        must(replace_atomically(files, folder / name, bytes_of(text), 0600));
    }
    TemporaryFolder folder;
    FileSystem& files = posix_file_system();
};

TEST_F(WholeFiles, AreReadUpToTheLimit) {
    write("a", "twelve bytes");
    EXPECT_EQ(text_of(must(read_file(files, folder / "a", 12))), "twelve bytes");
    EXPECT_THAT(read_file(files, folder / "a", 11), FailsWith(ErrorCode::corrupt));
    EXPECT_THAT(read_file(files, folder / "missing", 1), FailsWith(ErrorCode::not_found));
    write("empty", "");
    EXPECT_THAT(must(read_file(files, folder / "empty", 0)), IsEmpty());
}

TEST_F(WholeFiles, ThatClaimToBeEmptyAreReadToTheirEnd) {
    const auto bytes = must(read_file(files, "/proc/self/maps", 1 << 24));
    EXPECT_GT(bytes.size(), 100u);
    EXPECT_EQ(must(files.status("/proc/self/maps")).size, 0u);
    EXPECT_THAT(read_file(files, "/proc/self/maps", 10), FailsWith(ErrorCode::corrupt));
}

TEST_F(WholeFiles, ExistOrNot) {
    write("a", "");
    EXPECT_TRUE(must(exists(files, folder / "a")));
    EXPECT_FALSE(must(exists(files, folder / "b")));
    EXPECT_FALSE(must(status_if_any(files, folder / "b")).has_value());
    EXPECT_EQ(must(status_if_any(files, folder / "a"))->kind, FileKind::regular);
}

TEST_F(WholeFiles, AreReplacedLeavingNothingBeside) {
    write("a", "old and longer");
    must(replace_atomically(files, folder / "a", bytes_of("new"), 0640));
    EXPECT_EQ(text_of(must(read_file(files, folder / "a", 100))), "new");
    EXPECT_EQ(must(files.status(folder / "a")).mode, 0640u);
    EXPECT_THAT(must(files.list(folder.path())), ElementsAre("a"));
}

TEST_F(WholeFiles, LeftoversOfACrashDoNotStopAReplacement) {
    must(files.create(folder / ".a.0.new", 0600));
    write("a", "text");
    EXPECT_EQ(text_of(must(read_file(files, folder / "a", 100))), "text");
    EXPECT_TRUE(must(exists(files, folder / ".a.0.new"))) << "it may be another writer's";
}

TEST_F(WholeFiles, AFailedReplacementLeavesNothing) {
    must(files.make_folder(folder / "a", 0700));
    must(files.create(folder / "a/inside", 0600));
    EXPECT_FALSE(replace_atomically(files, folder / "a", bytes_of("text"), 0600).ok());
    EXPECT_THAT(must(files.list(folder.path())), ElementsAre("a"));
    EXPECT_THAT(replace_atomically(files, folder / "no/folder", {}, 0600), FailsWith(ErrorCode::not_found));
}

TEST_F(WholeFiles, FoldersAreMadeWithTheirParents) {
    must(make_folders_durably(files, folder / "a/b/c", 0750));
    EXPECT_EQ(must(files.status(folder / "a/b/c")).mode, 0750u);
    must(make_folders_durably(files, folder / "a/b/c/", 0700));
    write("file", "");
    EXPECT_THAT(make_folders_durably(files, folder / "file", 0700), FailsWith(ErrorCode::exists));
    EXPECT_THAT(make_folders_durably(files, folder / "file/below", 0700), FailsWith(ErrorCode::exists));
}

TEST_F(WholeFiles, ATreeIsRemovedAndWhatItsLinksLeadToIsNot) {
    write("outside", "stays");
    must(make_folders_durably(files, folder / "tree/a/b", 0700));
    write("tree/a/file", "goes");
    ASSERT_EQ(::symlink((folder / "outside").c_str(), (folder / "tree/link").c_str()), 0);
    ASSERT_EQ(::symlink(folder.path().c_str(), (folder / "tree/a/loop").c_str()), 0);
    must(remove_tree(files, folder / "tree"));
    EXPECT_THAT(must(files.list(folder.path())), ElementsAre("outside"));
    must(remove_tree(files, folder / "tree"));
}

}  // namespace
}  // namespace holdfast::host

#include "holdfast/host/open_descriptors.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "holdfast/host/program_files.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;

// A child that has what this process opened before, and waits to be ended.
class Child {
public:
    Child() : process_(::fork()) {
        while (process_ == 0) ::pause();
    }
    ~Child() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    pid_t id() const { return process_; }

private:
    pid_t process_;
};

TEST(OpenDescriptors, EachDescriptorIsOneAndReplacedFilesAreTold) {
    TemporaryFolder folder;
    FileSystem& files = posix_file_system();
    const std::string root = must(files.canonical(folder.path()));
    const std::string path = root + "/a", other = root + "/b";
    must(replace_atomically(files, path, Bytes(10), 0600));
    must(replace_atomically(files, other, Bytes(10), 0600));
    const int first = ::open(path.c_str(), O_RDONLY), second = ::open(path.c_str(), O_RDONLY);
    const Child child;
    ::close(first);
    ::close(second);
    auto open = must(descriptors_on(files, {path, other}));
    ASSERT_EQ(open.found.size(), 2u);
    for (const auto& one : open.found) {
        EXPECT_EQ(one.process, child.id());
        EXPECT_EQ(one.parent, ::getpid());
        EXPECT_EQ(one.path, path);
        EXPECT_FALSE(one.is_gone);
        EXPECT_FALSE(one.command.empty());
    }
    must(files.rename(other, path));
    open = must(descriptors_on(files, {path, other}));
    ASSERT_EQ(open.found.size(), 2u);
    EXPECT_TRUE(open.found[0].is_gone) << "the child has the file that had this name";
    must(files.remove(path));
    EXPECT_EQ(must(descriptors_on(files, {path})).found.size(), 2u);
    EXPECT_TRUE(must(descriptors_on(files, {root + "/c"})).found.empty());
}

TEST(ProgramFiles, TheProgramAndItsLibrariesCanBeRead) {
    const auto found = must(program_files_of(::getpid()));
    std::size_t programs = 0;
    for (const auto& file : found) {
        programs += file.is_program ? 1 : 0;
        EXPECT_FALSE(file.is_gone) << file.name;
        EXPECT_TRUE(must(exists(posix_file_system(), file.path))) << file.path;
    }
    EXPECT_EQ(programs, 1u);
    EXPECT_GT(found.size(), 2u);
    EXPECT_THAT(program_files_of(0), FailsWith(ErrorCode::not_found));
}

}  // namespace
}  // namespace holdfast::host

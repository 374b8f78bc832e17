// Marks that keep everybody from changing a file or folder, as the kernel has them.
#include "holdfast/host/unchangeable.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

bool mark(const std::string& path, int flags) {
    const int descriptor = ::open(path.c_str(), O_RDONLY);
    const bool is_set = descriptor >= 0 && ::ioctl(descriptor, FS_IOC_SETFLAGS, &flags) == 0;
    if (descriptor >= 0) ::close(descriptor);
    return is_set;
}

TEST(Unchangeable, IsWhatIsMarkedAndNothingElse) {
    const tests::TemporaryFolder root;
    const std::string file = root / "file", folder = root / "folder", link = root / "link";
    std::ofstream(file) << "text";
    std::filesystem::create_directory(folder);
    std::filesystem::create_symlink("file", link);
    for (const auto& path : {file, folder, link, std::string(root / "nothing")}) EXPECT_FALSE(is_unchangeable(path)) << path;
    for (const auto& path : {file, folder}) {
        for (const int flag : {FS_IMMUTABLE_FL, FS_APPEND_FL}) {
            if (!mark(path, flag)) GTEST_SKIP() << "this user or file system cannot mark files";
            EXPECT_TRUE(is_unchangeable(path)) << path;
            EXPECT_NE(::rename(path.c_str(), (path + ".moved").c_str()), 0) << "the kernel says the same";
            EXPECT_FALSE(is_unchangeable(link)) << "of the link itself";
            EXPECT_TRUE(mark(path, 0));
            EXPECT_FALSE(is_unchangeable(path)) << path;
        }
    }
}

}  // namespace
}  // namespace holdfast::host

#include "holdfast/host/file_system_type.h"

#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;

constexpr std::string_view mounts =
    "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw,errors=remount-ro\n"
    "30 22 0:40 / /srv/nas rw,relatime shared:2 - nfs4 nas:/export rw,vers=4.2\n"
    "31 22 0:41 / /srv/nas/with\\040space ro,relatime - fuse.sshfs me@there:/x rw,user_id=0\n"
    "32 22 0:42 / /tmp rw - tmpfs tmpfs rw,size=1024k\n"
    "33 22 0:43 / /var/lib/app rw - overlay overlay rw,lowerdir=/a\n"
    "34 22 0:44 / /media/stick rw - fuse.gvfsd-fuse gvfsd ro\n"
    "35 22 0:45 / /data rw - ext4 /dev/sdb1 rw\n"
    "36 35 0:46 / /data rw - btrfs /dev/sdc1 rw\n"
    "nonsense\n\n";

FileSystemType of(const std::string& path) { return must(file_system_type_in(mounts, path)); }

TEST(FileSystemType, TheDeepestMountThatHoldsThePathCounts) {
    EXPECT_EQ(of("/home/me/app.db").type, "ext4");
    EXPECT_EQ(of("/home/me/app.db").kind, FileSystemKind::disk);
    EXPECT_EQ(of("/srv/nas/app.db").kind, FileSystemKind::network);
    EXPECT_EQ(of("/srv/nas").mounted_at, "/srv/nas");
    EXPECT_EQ(of("/srv/nas2/app.db").type, "ext4") << "only the beginning of the name is the same";
    EXPECT_EQ(of("/tmp/app.db").kind, FileSystemKind::memory);
    EXPECT_EQ(of("/var/lib/app/x").kind, FileSystemKind::layered);
    EXPECT_EQ(of("/media/stick/x").kind, FileSystemKind::user_space);
}

TEST(FileSystemType, NamesWithSpacesAndMountsOverMounts) {
    EXPECT_EQ(of("/srv/nas/with space/x").type, "fuse.sshfs");
    EXPECT_EQ(of("/srv/nas/with space/x").kind, FileSystemKind::network);
    EXPECT_EQ(of("/data/x").type, "btrfs");
}

TEST(FileSystemType, ReadOnlyByTheMountOrByItself) {
    EXPECT_TRUE(of("/srv/nas/with space/x").is_read_only);
    EXPECT_TRUE(of("/media/stick/x").is_read_only);
    EXPECT_FALSE(of("/home").is_read_only) << "errors=remount-ro is no ro";
}

TEST(FileSystemType, TheRealOne) {
    TemporaryFolder folder;
    EXPECT_FALSE(must(file_system_type(must(posix_file_system().canonical(folder.path())))).type.empty());
    EXPECT_EQ(must(file_system_type("/proc/self")).type, "proc");
}

}  // namespace
}  // namespace holdfast::host

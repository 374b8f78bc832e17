#include "holdfast/host/openers.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "holdfast/host/file_system.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;

// Another process that does something and then waits to be ended.
class OtherProcess {
public:
    explicit OtherProcess(const std::function<void()>& act) {
        int ready[2];
        if (::pipe(ready) != 0) std::abort();
        process_ = ::fork();
        if (process_ == 0) {
            act();
            static_cast<void>(!::write(ready[1], "x", 1));
            for (;;) ::pause();
        }
        char byte = 0;
        static_cast<void>(!::read(ready[0], &byte, 1));
        ::close(ready[0]);
        ::close(ready[1]);
    }
    OtherProcess(const OtherProcess&) = delete;
    OtherProcess& operator=(const OtherProcess&) = delete;
    ~OtherProcess() {
        ::kill(process_, SIGKILL);
        ::waitpid(process_, nullptr, 0);
    }
    pid_t id() const { return process_; }

private:
    pid_t process_ = 0;
};

class WhoHasOpen : public ::testing::Test {
protected:
    WhoHasOpen() {
        must(replace_atomically(files, path, Bytes(4096), 0600));
        const auto status = must(files.status(path));
        identity = {.device = status.device, .inode = status.inode};
    }
    TemporaryFolder folder;
    FileSystem& files = posix_file_system();
    std::string path = folder / "database";
    FileIdentity identity;
};

TEST_F(WhoHasOpen, NobodyAndNotThisProcess) {
    const auto mine = must(files.open_to_read(path));
    const auto openers = must(who_has_open(identity));
    EXPECT_TRUE(openers.found.empty());
    EXPECT_TRUE(openers.saw_every_process || ::geteuid() != 0);
}

TEST_F(WhoHasOpen, AProcessWithADescriptor) {
    const OtherProcess other([&] { static_cast<void>(::open(path.c_str(), O_RDONLY)); });
    const auto openers = must(who_has_open(identity));
    ASSERT_EQ(openers.found.size(), 1u);
    EXPECT_EQ(openers.found[0].process, other.id());
    EXPECT_EQ(openers.found[0].command, "host_test");
}

TEST_F(WhoHasOpen, AProcessWithOnlyAMapping) {
    const OtherProcess other([&] {
        const int descriptor = ::open(path.c_str(), O_RDONLY);
        static_cast<void>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, descriptor, 0));
        ::close(descriptor);
    });
    const auto openers = must(who_has_open(identity));
    ASSERT_EQ(openers.found.size(), 1u);
    EXPECT_EQ(openers.found[0].process, other.id());
}

TEST_F(WhoHasOpen, AlsoWhenTheFileWasRemoved) {
    const OtherProcess other([&] { static_cast<void>(::open(path.c_str(), O_RDONLY)); });
    must(files.remove(path));
    EXPECT_EQ(must(who_has_open(identity)).found.size(), 1u);
}

TEST_F(WhoHasOpen, AProcessThatCannotBeLookedIntoIsSaid) {
    if (::geteuid() != 0) return;  // then the next line is true of this very machine, but of no process that we know
    const OtherProcess other([] {});
    int findings = -1;
    const pid_t looker = ::fork();
    if (looker == 0) {
        if (::setuid(65534) != 0) ::_exit(9);
        const auto openers = who_has_open(identity);
        ::_exit(openers.ok() && !openers->saw_every_process ? 0 : 1);
    }
    ASSERT_EQ(::waitpid(looker, &findings, 0), looker);
    EXPECT_EQ(findings, 0);
}

}  // namespace
}  // namespace holdfast::host

#include "holdfast/host/secrets.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "holdfast/host/clock.h"
#include "holdfast/host/file_system.h"
#include "support/results.h"
#include "support/temporary_folder.h"

namespace holdfast::host {
namespace {

using namespace tests;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_in(const SecretBytes& secret) { return std::string(text_of(secret.view())); }

TEST(SecretFromCommand, IsWhatItPrintsWithoutOneLastNewline) {
    EXPECT_EQ(text_in(must(secret_from_command("echo secret"))), "secret");
    EXPECT_EQ(text_in(must(secret_from_command("printf 'two\\n\\n'"))), "two\n");
    EXPECT_EQ(text_in(must(secret_from_command("printf 'a b'; printf c"))), "a bc");
}

TEST(SecretFromCommand, HasNoStandardInput) {
    EXPECT_EQ(text_in(must(secret_from_command("cat; echo done"))), "done");
}

TEST(SecretFromCommand, FailsWithTheStatusAndNeverTheOutput) {
    const auto failed = secret_from_command("echo hunter2; exit 3");
    ASSERT_THAT(failed, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(failed.error().text(), HasSubstr("status 3"));
    EXPECT_THAT(failed.error().text(), Not(HasSubstr("hunter2")));
    EXPECT_THAT(secret_from_command("kill -9 $$").error().message(), HasSubstr("signal 9"));
    EXPECT_THAT(secret_from_command("exit 0"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(secret_from_command("echo"), FailsWith(ErrorCode::invalid));
}

TEST(SecretFromCommand, PrintsAtMostTheLimit) {
    EXPECT_EQ(must(secret_from_command("printf 12345", {.output_max = 5})).size(), 5u);
    EXPECT_THAT(secret_from_command("printf 123456", {.output_max = 5}), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(secret_from_command("yes"), FailsWith(ErrorCode::invalid)) << "and it is ended";
}

TEST(SecretFromCommand, IsEndedWhenItTakesTooLong) {
    const auto late = secret_from_command("echo early; exec sleep 1000", {.time_ms_max = 50});
    ASSERT_THAT(late, FailsWith(ErrorCode::unavailable));
    EXPECT_THAT(late.error().message(), HasSubstr("50"));
}

TEST(SecretFromCommand, DoesNotWaitForWhatItLeftRunning) {
    const CommandLimits patient{.time_ms_max = 500'000};
    const auto running = text_in(must(secret_from_command("sleep 1000 2>/dev/null & echo $!", patient)));
    EXPECT_EQ(::kill(std::stoi(running), SIGKILL), 0) << "it still runs, and holds the pipe";
}

TEST(SecretFromCommand, StartsWithDefaultSignals) {
    const auto before = ::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(text_in(must(secret_from_command("(yes; echo $? >&2) 2>/dev/null | head -1"))), "y");
    ::signal(SIGPIPE, before);
}

TEST(SecretFromFile, IsItsBytesWithoutOneLastNewline) {
    const TemporaryFolder folder;
    const auto write = [&](std::string_view text) {
        must(replace_atomically(posix_file_system(), folder / "key", bytes_of(text), 0600));
    };
    write("secret\n");
    EXPECT_EQ(text_in(must(secret_from_file(folder / "key"))), "secret");
    write(std::string_view("\0\n\xff", 3));
    EXPECT_EQ(must(secret_from_file(folder / "key")).size(), 3u);
    write("\n");
    EXPECT_THAT(secret_from_file(folder / "key"), FailsWith(ErrorCode::invalid));
    write(std::string(64 * 1024, 'k'));
    EXPECT_EQ(must(secret_from_file(folder / "key")).size(), 64u * 1024);
    write(std::string(64 * 1024 + 1, 'k'));
    EXPECT_THAT(secret_from_file(folder / "key"), FailsWith(ErrorCode::invalid));
    EXPECT_THAT(secret_from_file(folder / "none"), FailsWith(ErrorCode::not_found));
    EXPECT_THAT(secret_from_file(folder.path()), FailsWith(ErrorCode::invalid));
}

// Of 256 keys of random bytes one ends with that of a newline.
TEST(SecretFromFile, AKeyMayEndWithANewlineThatIsOneOfItsBytes) {
    const TemporaryFolder folder;
    const auto size_of_key = [&](std::size_t bytes) {
        must(replace_atomically(posix_file_system(), folder / "key", bytes_of(std::string(bytes - 1, 'k') + "\n"), 0600));
        return must(key_from_file(folder / "key", 32)).size();
    };
    EXPECT_EQ(size_of_key(32), 32u);
    EXPECT_EQ(size_of_key(33), 32u) << "a text of 32 letters, as an editor writes it";
    EXPECT_EQ(size_of_key(65), 64u);
    EXPECT_EQ(size_of_key(31), 31u) << "too short in either way, which is for others to tell";
}

TEST(SecretFromFile, MayBeAPipe) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], "piped\n", 6), 6);
    ::close(ends[1]);
    EXPECT_EQ(text_in(must(secret_from_file("/dev/fd/" + std::to_string(ends[0])))), "piped");
    ::close(ends[0]);
}

// A child whose terminal is the other end of ours: it asks, we type, and its answer comes back by a pipe.
class Asked {
public:
    Asked() {
        terminal_ = ::posix_openpt(O_RDWR | O_NOCTTY);
        if (terminal_ < 0 || ::grantpt(terminal_) != 0 || ::unlockpt(terminal_) != 0) std::abort();
        int ends[2];
        if (::pipe(ends) != 0) std::abort();
        const std::string name = ::ptsname(terminal_);
        child_ = ::fork();
        if (child_ == 0) ask(name, ends[1]);
        ::close(ends[1]);
        answer_ = ends[0];
    }
    Asked(const Asked&) = delete;
    Asked& operator=(const Asked&) = delete;
    ~Asked() {
        ::close(terminal_);
        ::close(answer_);
        ::waitpid(child_, nullptr, 0);
    }
    // Everything the terminal shows up to and with `text`.
    std::string shown_until(std::string_view text) {
        std::string shown;
        char letter = 0;
        while (shown.find(text) == std::string::npos && ::read(terminal_, &letter, 1) == 1) shown += letter;
        return shown;
    }
    void type(std::string_view keys) const {
        ASSERT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    std::string answer() const {
        std::string text;
        char letter = 0;
        while (::read(answer_, &letter, 1) == 1) text += letter;
        return text;
    }

private:
    [[noreturn]] static void ask(const std::string& terminal, int answer) {
        ::setsid();
        static_cast<void>(::open(terminal.c_str(), O_RDWR));  // becomes the controlling terminal
        const auto secret = secret_from_terminal("Password: ");
        const std::string text =
            secret.ok() ? text_in(*secret) : "error " + std::string(name_of(secret.error().code()));
        static_cast<void>(!::write(answer, text.data(), text.size()));
        ::_exit(0);
    }
    int terminal_ = -1, answer_ = -1;
    pid_t child_ = 0;
};

TEST(SecretFromTerminal, IsTypedUnseen) {
    Asked asked;
    EXPECT_EQ(asked.shown_until("Password: "), "Password: ");
    asked.type("hunter2\r");
    EXPECT_THAT(asked.shown_until("\n"), Not(HasSubstr("hunter2")));
    EXPECT_EQ(asked.answer(), "hunter2");
}

TEST(SecretFromTerminal, CanBeCorrected) {
    Asked asked;
    asked.shown_until("Password: ");
    asked.type("wrong\x15h\xc3\xbc\x7f\x7fhunter3\b2\n");  // kill the line; ü goes with one key
    asked.shown_until("\n");
    EXPECT_EQ(asked.answer(), "hunter2");
}

TEST(SecretFromTerminal, CanBeRefused) {
    Asked interrupted;
    interrupted.shown_until("Password: ");
    interrupted.type("hun\x03");
    EXPECT_EQ(interrupted.answer(), "error cancelled");
    Asked empty;
    empty.shown_until("Password: ");
    empty.type("\n");
    EXPECT_EQ(empty.answer(), "error invalid");
}

TEST(SecretFromTerminal, NeedsATerminal) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        const auto secret = secret_from_terminal("Password: ");
        ::_exit(!secret && secret.error().code() == ErrorCode::unavailable ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace holdfast::host

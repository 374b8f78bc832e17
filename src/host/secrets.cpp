#include "holdfast/host/secrets.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/posix_error.h"
#include "holdfast/host/wiped_bytes.h"

namespace holdfast::host {
namespace {

constexpr std::string_view the_command = "the secret's command";  // its text may hold a secret itself

Result<SecretBytes> without_last_newline(ByteView bytes, std::string_view where) {
    if (!bytes.empty() && bytes.back() == std::byte{'\n'}) bytes = bytes.first(bytes.size() - 1);
    if (bytes.empty()) {
        return fail(ErrorCode::invalid, "read the secret from {}: it is empty", where).with_advice("the whole of it but a last newline is the secret");
    }
    return SecretBytes(bytes);
}

// --- a command ---

struct Running {
    pid_t process = 0;
    Descriptor output;
};

// The child gets default signals: what this program ignores or blocks is not its business.
class SpawnSettings {
public:
    explicit SpawnSettings(int output) {
        sigset_t none, ignored;
        ::sigemptyset(&none);
        ::sigemptyset(&ignored);
        ::sigaddset(&ignored, SIGPIPE);
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &ignored);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        ::posix_spawn_file_actions_init(&actions_);
        ::posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }
    const posix_spawn_file_actions_t* actions() const { return &actions_; }
    const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

Result<Running> start(const std::string& command) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == -1) return posix_error(errno, {"make a pipe for", the_command});
    Descriptor reading(ends[0]), writing(ends[1]);
    ::fcntl(reading.number(), F_SETFL, O_NONBLOCK);
    const SpawnSettings settings(writing.number());
    std::string shell = "sh", flag = "-c", text = command;
    char* const arguments[] = {shell.data(), flag.data(), text.data(), nullptr};
    Running running;
    const int failed =
        ::posix_spawn(&running.process, "/bin/sh", settings.actions(), settings.attributes(), arguments, ::environ);
    if (failed != 0) return posix_error(failed, {"start /bin/sh for", the_command});
    running.output = std::move(reading);
    return running;
}

// What is in the pipe now. False: it has ended.
Result<bool> drain(const Descriptor& pipe, WipedBytes& into) {
    for (;;) {
        const auto rest = into.rest();
        if (rest.empty()) {
            return fail(ErrorCode::invalid, "{} printed more than {} bytes", the_command, into.view().size() - 1);
        }
        const auto got = uninterrupted([&] { return ::read(pipe.number(), rest.data(), rest.size()); });
        if (got == -1 && errno == EAGAIN) return true;
        if (got == -1) return posix_error(errno, {"read the output of", the_command});
        if (got == 0) return false;
        into.filled_by(static_cast<std::size_t>(got));
    }
}

Result<void> judge(int status) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    if (WIFEXITED(status)) {
        return fail(ErrorCode::unavailable, "{} ended with status {}", the_command, WEXITSTATUS(status))
            .with_advice("run it in a shell to see what is wrong");
    }
    return fail(ErrorCode::unavailable, "{} was ended by signal {}", the_command, WTERMSIG(status));
}

// Until the shell ends: something it started may keep the pipe open for ever (an agent). The pipe is looked at once
// more after that, for what was printed last.
Result<void> collect(const Running& running, const CommandLimits& limits, WipedBytes& into) {
    const Stopwatch watch(system_clock());
    constexpr int look_every_ms = 2;
    bool open = true;
    for (;;) {
        pollfd wanted{.fd = open ? running.output.number() : -1, .events = POLLIN, .revents = 0};
        ::poll(&wanted, 1, look_every_ms);
        int status = 0;
        const pid_t ended = uninterrupted([&] { return ::waitpid(running.process, &status, WNOHANG); });
        const int wait_error = errno;
        if (open) open = TRY(drain(running.output, into));
        if (ended == running.process) return judge(status);
        if (ended == -1) return posix_error(wait_error, {"wait for", the_command});
        if (watch.ms() > static_cast<double>(limits.time_ms_max)) {
            return fail(ErrorCode::unavailable, "{} did not end within {}", the_command,
                        human_duration_ms(static_cast<double>(limits.time_ms_max)));
        }
    }
}

}  // namespace

Result<SecretBytes> secret_from_command(const std::string& command, CommandLimits limits) {
    const auto running = TRY(start(command));
    WipedBytes output(limits.output_max + 1);
    auto collected = collect(running, limits, output);
    if (!collected) {
        // Ended or not: killing a process that was waited for could hit another one with its number.
        if (::waitpid(running.process, nullptr, WNOHANG) == 0) {
            ::kill(running.process, SIGKILL);
            static_cast<void>(uninterrupted([&] { return ::waitpid(running.process, nullptr, 0); }));
        }
        return std::move(collected).error();
    }
    return without_last_newline(output.view(), the_command);
}

Result<SecretBytes> secret_from_file(const std::string& path) {
    constexpr std::size_t size_max = 64 * 1024;
    const Descriptor file(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY); }));
    if (!file.is_open()) return posix_error(errno, {"open the secret's file", path}).with_advice("check its path, and that this user may read it");
    WipedBytes bytes(size_max + 1);
    for (;;) {
        const auto rest = bytes.rest();
        if (rest.empty()) {
            return fail(ErrorCode::invalid, "read the secret's file {}: it is larger than 64 KiB", printable(path));
        }
        const auto got = uninterrupted([&] { return ::read(file.number(), rest.data(), rest.size()); });
        if (got == -1) return posix_error(errno, {"read the secret's file", path});
        if (got == 0) return without_last_newline(bytes.view(), printable(path));
        bytes.filled_by(static_cast<std::size_t>(got));
    }
}

}  // namespace holdfast::host

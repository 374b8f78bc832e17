#include "holdfast/host/run_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/foreground_child.h"
#include "holdfast/host/posix_error.h"
#include "holdfast/host/proc.h"
#include "holdfast/host/wiped_bytes.h"

namespace holdfast::host {
namespace {

bool holds_zero(const std::string& text) { return text.find('\0') != std::string::npos; }

Result<void> expect_runnable(const ProgramOrder& order) {
    if (order.words.empty() || order.words.front().empty()) return fail(ErrorCode::invalid, "run a program: none is named");
    bool zero = std::ranges::any_of(order.words, holds_zero) || holds_zero(order.folder);
    for (const auto& [name, value] : order.environment) {
        zero = zero || holds_zero(name) || holds_zero(value);
        if (name.empty() || name.find('=') != std::string::npos) {
            return fail(ErrorCode::invalid, "run {}: '{}' is no name for an environment variable", printable(order.words.front()), printable(name));
        }
    }
    if (zero) return fail(ErrorCode::invalid, "run {}: an argument or variable holds a zero byte", printable(order.words.front()));
    return {};
}

// Ignored SIGCHLD is inherited from whoever started us, and makes the kernel forget children that have ended.
void make_children_waitable() {
    struct sigaction now {};
    if (::sigaction(SIGCHLD, nullptr, &now) == -1) return;
    if (now.sa_handler == SIG_IGN || (now.sa_flags & SA_NOCLDWAIT) != 0) ::signal(SIGCHLD, SIG_DFL);
}

// Above the standard streams, which the child's are made of; all of them may be closed here.
Descriptor above_streams(Descriptor descriptor) {
    return Descriptor(::fcntl(descriptor.number(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

struct Pipe {
    Descriptor reading, writing;
};
Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) == -1) return posix_error(errno, {"make a pipe for", "a program"});
    Pipe pipe{above_streams(Descriptor(ends[0])), above_streams(Descriptor(ends[1]))};
    if (!pipe.reading.is_open() || !pipe.writing.is_open()) return posix_error(EMFILE, {"make a pipe for", "a program"});
    ::fcntl(pipe.reading.number(), F_SETFL, O_NONBLOCK);
    return pipe;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& additions) {
    std::vector<std::string> all;
    for (char** entry = ::environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const auto name = text.substr(0, text.find('='));
        if (std::ranges::none_of(additions, [&](const auto& addition) { return addition.first == name; })) all.emplace_back(text);
    }
    for (const auto& [name, value] : additions) all.push_back(name + "=" + value);
    return all;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

// What posix_spawn is told. It calls only what may be called between fork and exec, so that our threads do not matter.
class SpawnSettings {
public:
    SpawnSettings() {
        ::posix_spawnattr_init(&attributes_);
        ::posix_spawn_file_actions_init(&actions_);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        ::posix_spawn_file_actions_destroy(&actions_);
        ::posix_spawnattr_destroy(&attributes_);
    }

    void set_signals(sigset_t defaults, ProgramPlace place) {
        sigset_t none;
        ::sigemptyset(&none);
        ::sigaddset(&defaults, SIGPIPE);
        ::posix_spawnattr_setsigmask(&attributes_, &none);
        ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
        const int session = place == ProgramPlace::apart ? POSIX_SPAWN_SETSID : 0;
        ::posix_spawnattr_setflags(&attributes_, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | session));
    }
    void set_streams(const ProgramOrder& order, int pipe) {
        if (order.input == ProgramInput::empty || !is_ours_to_give(STDIN_FILENO)) give_nothing(STDIN_FILENO);
        if (order.output == ProgramOutput::taken_with_errors) give(pipe, STDERR_FILENO);
        else if (!is_ours_to_give(STDERR_FILENO)) give_nothing(STDERR_FILENO);
        if (order.output == ProgramOutput::to_errors) give(STDERR_FILENO, STDOUT_FILENO);
        else if (pipe >= 0) give(pipe, STDOUT_FILENO);
        else if (!is_ours_to_give(STDOUT_FILENO)) give_nothing(STDOUT_FILENO);
    }
    void set_folder(int folder) { ::posix_spawn_file_actions_addfchdir_np(&actions_, folder); }

    const posix_spawn_file_actions_t* actions() const { return &actions_; }
    const posix_spawnattr_t* attributes() const { return &attributes_; }

private:
    // Where a standard stream was closed, a file of ours may have got its number.
    static bool is_ours_to_give(int stream) {
        const int flags = ::fcntl(stream, F_GETFD);
        return flags != -1 && (flags & FD_CLOEXEC) == 0;
    }
    void give(int descriptor, int as) { ::posix_spawn_file_actions_adddup2(&actions_, descriptor, as); }
    void give_nothing(int stream) { ::posix_spawn_file_actions_addopen(&actions_, stream, "/dev/null", O_RDWR, 0); }

    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

Error not_started(int number, const std::string& program) {
    constexpr std::string_view doing = "start the program";
    if (number == ENOENT) {
        return fail(ErrorCode::not_found, "{} {}: there is none, or the interpreter in its first line is missing", doing, printable(program))
            .with_advice("check its name, and $PATH");
    }
    if (number == EACCES) {
        return fail(ErrorCode::denied, "{} {}: this user may not run it", doing, printable(program)).with_advice("chmod +x makes a file a program");
    }
    if (number == ENOEXEC) {
        return fail(ErrorCode::invalid, "{} {}: it is no program of this machine", doing, printable(program))
            .with_advice("a script names its interpreter in the first line: #!/bin/sh");
    }
    return posix_error(number, {doing, program});
}

struct Started {
    pid_t process = 0;
    Descriptor output;
};

Result<Started> start(const ProgramOrder& order, const sigset_t& defaults) {
    SpawnSettings settings;
    settings.set_signals(defaults, order.place);
    Pipe pipe;
    if (order.output == ProgramOutput::taken || order.output == ProgramOutput::taken_with_errors) pipe = TRY(make_pipe());
    settings.set_streams(order, pipe.writing.number());
    Descriptor folder;
    if (!order.folder.empty()) {
        folder = Descriptor(uninterrupted([&] { return ::open(order.folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); }));
        if (!folder.is_open()) return posix_error(errno, {"run a program in", order.folder});
        folder = above_streams(std::move(folder));
        settings.set_folder(folder.number());
    }
    auto words = order.words;
    auto environment = environment_with(order.environment);
    Started started;
    const int failed = ::posix_spawnp(&started.process, words.front().c_str(), settings.actions(), settings.attributes(),
                                      pointers_to(words).data(), pointers_to(environment).data());
    if (failed != 0) return not_started(failed, order.words.front());
    started.output = std::move(pipe.reading);
    return started;
}

// A program that has started, until it has been waited for.
class Running {
public:
    Running(const ProgramOrder& order, Started started)
        : order_(order), started_(std::move(started)), watch_(system_clock()), buffer_(started_.output.is_open() ? buffer_size : 0),
          end_seen_by_(static_cast<int>(::syscall(SYS_pidfd_open, started_.process, 0))), stop_seen_by_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    pid_t process() const { return started_.process; }
    void watch_to_the_end();
    ProgramEnd wait();

private:
    static constexpr std::size_t buffer_size = 64 * 1024;

    void sleep_until_something();
    int longest_sleep_ms() const;
    bool has_ended() const;
    void end_if_due();
    bool ending_is_over();
    void begin_to_end(ProgramEnding why);
    void send(int signal) const;
    bool read_once();
    void read_what_is_left();
    bool others_of_group_live() const;

    const ProgramOrder& order_;
    Started started_;
    Stopwatch watch_;
    WipedBytes buffer_;
    Descriptor end_seen_by_, stop_seen_by_;  // neither is needed: without them, we look every few milliseconds
    ProgramEnding ending_ = ProgramEnding::by_itself;
    double kill_at_ms_ = 0;
    bool output_is_refused_ = false;
};

// Of a child that is waited for, the number may be another's: so it is only looked at.
bool Running::has_ended() const {
    siginfo_t seen{};
    const int looked =
        uninterrupted([&] { return ::waitid(P_PID, static_cast<id_t>(started_.process), &seen, WEXITED | WNOHANG | WNOWAIT); });
    return looked == -1 || seen.si_pid == started_.process;
}

void Running::send(int signal) const {
    ::kill(order_.place == ProgramPlace::apart ? -started_.process : started_.process, signal);
}

// Zombies are none: the program itself is one until it is waited for, and keeps the group's number from being given away.
bool Running::others_of_group_live() const {
    if (order_.place != ProgramPlace::apart) return false;
    return std::ranges::any_of(visible_processes(), [&](std::int64_t process) {
        const auto stat = stat_of_process(process);
        return stat && stat->group == started_.process && stat->state != 'Z' && stat->state != 'X';
    });
}

// False: there is nothing now.
bool Running::read_once() {
    if (!started_.output.is_open()) return false;
    const auto room = buffer_.rest();
    const auto got = uninterrupted([&] { return ::read(started_.output.number(), room.data(), room.size()); });
    if (got == -1 && errno == EAGAIN) return false;
    if (got <= 0) {
        started_.output.reset();
        return false;
    }
    if (!output_is_refused_ && order_.take) output_is_refused_ = !order_.take(room.first(static_cast<std::size_t>(got)));
    return true;
}

// No more than the pipe can hold: somebody left behind may go on writing.
void Running::read_what_is_left() {
    if (!started_.output.is_open()) return;
    const int size = ::fcntl(started_.output.number(), F_GETPIPE_SZ);
    const auto turns = static_cast<std::size_t>(std::max(size, 0)) / buffer_size + 1;
    for (std::size_t turn = 0; turn < turns && read_once(); ++turn) {}
}

int Running::longest_sleep_ms() const {
    constexpr int look_every_ms = 5, look_while_ending_ms = 20;
    if (ending_ != ProgramEnding::by_itself) return look_while_ending_ms;
    if (!end_seen_by_.is_open() || !stop_seen_by_.is_open()) return look_every_ms;
    if (order_.time_ms_max == 0) return -1;
    constexpr double day_ms = 86'400'000;
    return static_cast<int>(std::clamp(static_cast<double>(order_.time_ms_max) - watch_.ms() + 1, 0.0, day_ms));
}

void Running::sleep_until_something() {
    const bool ending = ending_ != ProgramEnding::by_itself;
    pollfd wanted[] = {{.fd = started_.output.number(), .events = POLLIN, .revents = 0},
                       {.fd = ending ? -1 : end_seen_by_.number(), .events = POLLIN, .revents = 0},
                       {.fd = ending ? -1 : stop_seen_by_.number(), .events = POLLIN, .revents = 0}};
    ::poll(wanted, std::size(wanted), longest_sleep_ms());
}

void Running::begin_to_end(ProgramEnding why) {
    ending_ = why;
    kill_at_ms_ = watch_.ms() + static_cast<double>(order_.grace_ms);
    send(SIGTERM);
    send(SIGCONT);  // one that was stopped cannot act on it
}

void Running::end_if_due() {
    const bool late = order_.time_ms_max != 0 && watch_.ms() > static_cast<double>(order_.time_ms_max);
    if (order_.stop.stop_requested()) begin_to_end(ProgramEnding::stopped);
    else if (late) begin_to_end(ProgramEnding::time_limit);
    else if (output_is_refused_) begin_to_end(ProgramEnding::output_refused);
}

bool Running::ending_is_over() {
    const bool all_ended = has_ended() && !others_of_group_live();
    if (!all_ended && watch_.ms() < kill_at_ms_) return false;
    if (!all_ended) send(SIGKILL);
    return true;
}

void Running::watch_to_the_end() {
    const std::stop_callback on_stop(order_.stop, [this] { static_cast<void>(::eventfd_write(stop_seen_by_.number(), 1)); });
    for (;;) {
        sleep_until_something();
        const bool ended = has_ended();
        read_once();
        if (ending_ == ProgramEnding::by_itself) {
            if (ended) break;
            end_if_due();
        } else if (ending_is_over()) {
            break;
        }
    }
}

ProgramEnd Running::wait() {
    siginfo_t how{};
    uninterrupted([&] { return ::waitid(P_PID, static_cast<id_t>(started_.process), &how, WEXITED); });
    read_what_is_left();
    ProgramEnd end;
    if (how.si_code == CLD_EXITED) end.status = how.si_status;
    else end.signal = how.si_status;
    end.ending = ending_;
    end.duration_ms = watch_.ms();
    return end;
}

}  // namespace

Result<ProgramEnd> run_program(const ProgramOrder& order) {
    TRY(expect_runnable(order));
    make_children_waitable();
    sigset_t defaults;
    ::sigemptyset(&defaults);
    std::optional<ForegroundChild> foreground;
    if (order.place == ProgramPlace::foreground) defaults = foreground.emplace().defaults_for_child();
    Running running(order, TRY(start(order, defaults)));
    if (foreground) foreground->started(running.process());
    running.watch_to_the_end();
    if (foreground) foreground->ended();
    return running.wait();
}

std::vector<std::string> shell_words(const std::string& command) { return {"/bin/sh", "-c", command}; }

std::string ProgramEnd::text() const {
    const std::string took = human_duration_ms(duration_ms);
    switch (ending) {
        case ProgramEnding::time_limit: return format("did not end within its time limit, and was ended after {}", took);
        case ProgramEnding::stopped: return format("was ended on request after {}", took);
        case ProgramEnding::output_refused: return "was ended, as it printed too much";
        case ProgramEnding::by_itself: break;
    }
    if (signal == 0) return format("ended with status {}", status);
    const char* name = ::sigabbrev_np(signal);
    return format("was ended by signal {} ({})", signal, name ? name : "unknown");
}

bool OutputTail::take(ByteView more) {
    text_.append(text_of(more));
    if (text_.size() > size_max_) {
        dropped_ += text_.size() - size_max_;
        text_.erase(0, text_.size() - size_max_);
    }
    return true;
}

}  // namespace holdfast::host

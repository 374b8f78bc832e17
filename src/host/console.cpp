#include "holdfast/host/console.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "holdfast/base/text.h"
#include "holdfast/host/descriptor.h"
#include "holdfast/host/foreground_child.h"

namespace holdfast::host {
namespace {

std::atomic<int> signal_seen = 0;
std::atomic<bool> is_watching = false;

// A mark among the signals. The kernel gives a waiter the lower number first: all that stop a program come before it.
int mark_signal() { return SIGRTMIN; }

struct Marks {
    std::mutex mutex;
    std::condition_variable came;
    std::uint64_t sent = 0, seen = 0;
};
Marks& marks() {
    static Marks only;
    return only;
}

void see_mark() {
    Marks& all = marks();
    const std::lock_guard lock(all.mutex);
    ++all.seen;
    all.came.notify_all();
}

// Waits for the signals in a thread of its own: request_stop() may not be called from a signal handler.
void watch_signals(std::stop_source source, sigset_t signals) {
    for (;;) {
        siginfo_t signal{};
        const int number = sigwaitinfo(&signals, &signal);
        if (number == -1) continue;  // EINTR: stopped and continued, or looked at by a debugger
        if (number == mark_signal()) {
            see_mark();
            continue;
        }
        if (taken_by_foreground_child(signal)) continue;
        if (signal_seen.exchange(number) != 0) _exit(128 + number);
        source.request_stop();
    }
}

}  // namespace

bool is_terminal(Stream stream) {
    switch (stream) {
        case Stream::input: return isatty(STDIN_FILENO) == 1;
        case Stream::output: return isatty(STDOUT_FILENO) == 1;
        case Stream::error: return isatty(STDERR_FILENO) == 1;
    }
    return false;
}

int terminal_width() {
    winsize size{};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    return 80;
}

void outlive_file_size_limit() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // not ignored: a child would be born with that
}

std::stop_token stop_on_signals() {
    static std::stop_source source;
    static std::atomic_flag started;
    if (started.test_and_set()) return source.get_token();
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    struct sigaction hangup {};
    const bool is_wanted = sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN;  // ignored: nohup
    if (is_wanted) sigaddset(&signals, SIGHUP);
    sigaddset(&signals, mark_signal());
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    std::thread(watch_signals, source, signals).detach();
    is_watching = true;
    return source.get_token();
}

Result<std::string> line_from_terminal(const std::string& question, std::stop_token stop) {
    constexpr int look_every_ms = 100;
    constexpr std::size_t line_size_max = 4096;
    static_cast<void>(uninterrupted([&] { return ::write(STDERR_FILENO, question.data(), question.size()); }));
    std::string line;
    while (!stop.stop_requested()) {
        pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
        if (::poll(&input, 1, look_every_ms) <= 0) continue;
        char byte = 0;
        const auto got = uninterrupted([&] { return ::read(STDIN_FILENO, &byte, 1); });
        if (got <= 0) break;
        if (byte == '\n') return line;
        if (line.size() == line_size_max) return fail(ErrorCode::invalid, "the answer is too long");
        line.push_back(byte);
    }
    return fail(ErrorCode::cancelled, "stopped at a question; nothing was changed");
}

bool are_signals_watched() { return is_watching; }

void wait_for_signals_dealt_with() {
    if (!is_watching) return;
    Marks& all = marks();
    std::unique_lock lock(all.mutex);
    const std::uint64_t mine = ++all.sent;
    if (sigqueue(getpid(), mark_signal(), {}) == -1) return;  // too many signals are queued: nothing to wait for
    all.came.wait(lock, [&] { return all.seen >= mine; });
}

int stopping_signal() { return signal_seen.load(); }

}  // namespace holdfast::host

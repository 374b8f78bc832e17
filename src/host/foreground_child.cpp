#include "holdfast/host/foreground_child.h"

#include <mutex>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast::host {
namespace {

struct Foreground {
    std::mutex mutex;
    bool is_wanted = false;
    pid_t child = 0;           // 0: it has not started
    std::vector<int> to_come;  // sent before that
};
Foreground& foreground() {
    static Foreground only;
    return only;
}

bool is_of_the_terminal(const siginfo_t& signal) {
    return (signal.si_signo == SIGINT || signal.si_signo == SIGQUIT) && signal.si_code == SI_KERNEL;
}

}  // namespace

bool taken_by_foreground_child(const siginfo_t& signal) {
    Foreground& all = foreground();
    const std::lock_guard lock(all.mutex);
    if (!all.is_wanted) return false;
    const bool is_its_own = all.child != 0 && signal.si_code <= 0 && signal.si_pid == all.child;  // a script's `kill 0`
    if (is_of_the_terminal(signal) || is_its_own) return true;
    if (all.child == 0) all.to_come.push_back(signal.si_signo);
    else ::kill(all.child, signal.si_signo);
    return true;
}

ForegroundChild::ForegroundChild() {
    Foreground& all = foreground();
    {
        const std::lock_guard lock(all.mutex);
        HOLDFAST_ASSERT(!all.is_wanted);
        all.is_wanted = true;
        all.child = 0;
        all.to_come.clear();
    }
    ::sigemptyset(&defaults_);
    ignore(SIGQUIT, quit_before_);
    if (!are_signals_watched()) ignore(SIGINT, interrupt_before_);  // watched: it is blocked, and waited for
}

void ForegroundChild::ignore(int signal, struct sigaction& before) {
    struct sigaction ignoring {};
    ignoring.sa_handler = SIG_IGN;
    ::sigemptyset(&ignoring.sa_mask);
    ::sigaction(signal, &ignoring, &before);
    if (before.sa_handler != SIG_IGN) ::sigaddset(&defaults_, signal);
}

void ForegroundChild::started(pid_t child) {
    Foreground& all = foreground();
    const std::lock_guard lock(all.mutex);
    all.child = child;
    for (const int signal : all.to_come) ::kill(child, signal);
    all.to_come.clear();
}

void ForegroundChild::ended() {
    wait_for_signals_dealt_with();
    Foreground& all = foreground();
    const std::lock_guard lock(all.mutex);
    all.is_wanted = false;
    all.child = 0;
}

ForegroundChild::~ForegroundChild() {
    ended();
    ::sigaction(SIGQUIT, &quit_before_, nullptr);
    if (!are_signals_watched()) ::sigaction(SIGINT, &interrupt_before_, nullptr);
}

}  // namespace holdfast::host

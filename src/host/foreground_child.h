// ForegroundChild: while it lives, signals that would stop this program are for the child that has the terminal.
#pragma once

#include <signal.h>
#include <sys/types.h>

namespace holdfast::host {

// The terminal sends Ctrl-C and Ctrl-\ to the child as well, so these are only kept from ending us. What somebody sent to
// us alone, and SIGTERM and SIGHUP, is passed on. One at a time.
class ForegroundChild {
public:
    ForegroundChild();  // before the child is started: what is sent before it has started is passed on then
    ForegroundChild(const ForegroundChild&) = delete;
    ForegroundChild& operator=(const ForegroundChild&) = delete;
    ~ForegroundChild();

    // Dispositions that are changed here, and must be the default in the child.
    const sigset_t& defaults_for_child() const { return defaults_; }
    void started(pid_t child);
    // Before the child is waited for, after which its number may be another's. Signals that came while it lived have been
    // dealt with when this returns.
    void ended();

private:
    void ignore(int signal, struct sigaction& before);

    sigset_t defaults_{};
    struct sigaction interrupt_before_{};
    struct sigaction quit_before_{};
};

// Called by the thread that waits for signals. True: it is dealt with.
bool taken_by_foreground_child(const siginfo_t& signal);

// The watching thread has dealt with all signals sent before this call; at once where there is no such thread.
void wait_for_signals_dealt_with();
bool are_signals_watched();

}  // namespace holdfast::host

// Hooks: commands and HTTP POSTs of the settings, around backups and restores: to stop and start an application, to tell
// a monitor.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/operations/context.h"

namespace holdfast::operations {

// One of the two: a command, or an address.
struct Hook {
    std::string command;                  // for /bin/sh
    std::string post;                     // an address, http:// or https://
    std::string body;                     // of the POST; empty: the facts as JSON
    std::int64_t time_limit_ms = 60'000;  // at least 1: there is no hook without a limit
    bool stop_on_failure = true;          // false: its failure is a warning
    std::string folder;                   // in which the command runs; empty: the working folder
};
struct Hooks {
    std::vector<Hook> before_backup, after_backup, before_restore, after_restore, on_failure;
    bool is_empty() const {
        return before_backup.empty() && after_backup.empty() && before_restore.empty() && after_restore.empty() && on_failure.empty();
    }
};

// Around the one moment that a backup captures: an application pauses, and goes on.
struct QuiesceHooks {
    Hook pause, resume;
};

// What hooks are told. A command finds it in its environment: HOLDFAST_EVENT (before_backup, ...), HOLDFAST_SOURCE,
// HOLDFAST_REPOSITORY, HOLDFAST_OPERATION, HOLDFAST_NUMBER (empty where there is none yet), HOLDFAST_DATABASES (one path a
// line), HOLDFAST_DATABASE (the path, when it is one only; else empty), and once the operation has ended HOLDFAST_OUTCOME
// (done, failed) and HOLDFAST_ERROR. A POST's JSON has the same: event, source, repository, operation, number, databases,
// outcome, error. Never a secret.
struct HookFacts {
    std::string source;
    std::string repository;
    std::string operation;               // what the backup is made before: "migrate"
    std::vector<std::string> databases;
    std::uint64_t number = 0;            // of the backup that is made or restored; 0: not known yet
    std::string companion = {};          // HOLDFAST_COMPANION, of a rebuild: what is to be built
};

// One hook that was run, for reports.
struct HookRun {
    std::string event, hook, error, output;
    std::int64_t status = 0;
    double duration_ms = 0;
    bool failed = false;
    template <class Visitor>
    void describe(Visitor& visit) const {
        visit("event", event, "When it was run: before_backup, after_backup, before_restore, after_restore, on_failure, pause, resume.");
        visit("hook", hook, "Which: its place in the settings, and the command's first word or the address's host.");
        visit("status", status, "The command's exit status (128 and the signal's number), or the HTTP status; 0 also when there is none.");
        visit("duration_ms", duration_ms, "How long it took.");
        visit("failed", failed, "It could not be run, ended with another status than 0 (HTTP: 2xx), or was ended by its time limit.");
        visit("error", error, "Why.");
        visit("output", output, "With --json: the last 4 KiB of what the command printed, or of the answer. Else that goes to standard error.");
    }
};

enum class HookedVerb { backup, restore };

// The hooks around one operation: begin() as soon as what hooks are told is known, before anything is looked at that they
// may change; finish() at the end, always: also when begin() has failed, or the operation has before it came to begin().
//
// before_*    In their order. One that fails, and is to stop, is the operation's end: begin() returns the error.
// after_*     Run when the operation is done. When it has failed, the commands among them run if a before_* command was
//             run: what that has stopped is started again. POSTs do not: they say that all is well. Each runs, whatever
//             became of the others; a failure of one that is to stop makes the operation incomplete (exit code 3).
// on_failure  Run once, after those, when the operation failed or is incomplete. Their own failures are warnings. Who said
//             no at a question, before begin(), has made nothing fail.
//
// A stop (Ctrl-C) ends before_* hooks; the others run all the same, within their limits, as an application that was
// stopped would stay so. Commands have a session of their own without a terminal, empty input, and output to standard
// error; where that is JSON, it is taken, and what a command leaves running in the background then loses its output
// (SIGPIPE): let it write to a file. In a command that is itself a hook (HOLDFAST_EVENT is set) no hooks are run: a hook
// may call holdfast.
class HooksAround {
public:
    HooksAround(Context& context, const Hooks& hooks, HookedVerb verb);  // both are outlived

    bool can_stop_something() const;  // there are before_* hooks
    Result<void> begin(const HookFacts& facts);
    void finish(const HookFacts& facts, const Error* failure);  // null: the operation is done
    // Instead: it did not take place, and that is nobody's failure. What before_* commands have stopped is started again.
    void leave(const HookFacts& facts);

    std::vector<HookRun> runs;
    std::vector<std::string> warnings;  // failures, and hooks that were left out
    bool is_complete = true;            // false: an after_* hook failed that is to stop

private:
    struct Moment;
    const HookRun& run(const Hook& hook, const Moment& moment);
    std::string run_after(Moment moment);  // what makes it incomplete; empty: nothing

    Context& context_;
    const Hooks& hooks_;
    HookedVerb verb_;
    bool left_out_ = false;
    bool has_begun_ = false;
    bool has_changed_something_ = false;  // a before_* command was started
};

}  // namespace holdfast::operations

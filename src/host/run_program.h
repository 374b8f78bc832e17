// run_program(): another program, or a shell's command, run to its end, with limits that hold for whatever it does.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/base/bytes.h"

namespace holdfast::host {

// Whose signals and whose terminal a program gets.
//
// apart       A session and process group of its own, without a terminal: what would ask somebody fails at once, where it
//             would wait for ever under cron. Time limit and stop end the whole group, also what the program has started.
// beside      Our process group: it may ask on the terminal (a password's program). Time limit and stop end the program
//             itself only, as a signal to the group would hit us.
// foreground  Beside, and the terminal's keys are its own: Ctrl-C and Ctrl-\ reach it from the terminal, and this program
//             lives on to report; SIGTERM, SIGHUP, and a SIGINT that somebody sent to us alone, are passed on to it. There
//             is no tcsetpgrp(): in one group, both are in the foreground or in the background together, so that Ctrl-Z,
//             fg and bg of the shell mean both. One at a time in a process, as signals are the process's.
enum class ProgramPlace { apart, beside, foreground };

enum class ProgramInput { empty, inherited };
enum class ProgramOutput {
    inherited,
    to_errors,          // standard output goes where standard error goes
    taken,              // standard output is given to `take`; standard error is inherited
    taken_with_errors,  // both, in the order they were written
};

struct ProgramOrder {
    std::vector<std::string> words;  // the program, looked for in $PATH when there is no '/' in it, and its arguments
    std::vector<std::pair<std::string, std::string>> environment;  // added to ours, or in its place
    std::string folder;              // to run in; empty: ours
    ProgramPlace place = ProgramPlace::apart;
    ProgramInput input = ProgramInput::empty;
    ProgramOutput output = ProgramOutput::inherited;
    // Called in the caller's thread with what arrives, soon after. Who takes less than everything still returns true, and
    // the program never waits; false ends it. The bytes are wiped afterwards.
    std::function<bool(ByteView)> take;
    std::int64_t time_ms_max = 0;    // 0: as long as it takes
    std::int64_t grace_ms = 5'000;   // between SIGTERM and SIGKILL
    std::stop_token stop;
};

enum class ProgramEnding { by_itself, time_limit, stopped, output_refused };  // all but the first: we have ended it

struct ProgramEnd {
    int status = 0;  // exit status; when a signal ended it 0
    int signal = 0;  // 0: none
    ProgramEnding ending = ProgramEnding::by_itself;
    double duration_ms = 0;
    bool is_success() const { return ending == ProgramEnding::by_itself && status == 0 && signal == 0; }
    int exit_code() const { return signal != 0 ? 128 + signal : status; }  // as a shell has it
    std::string text() const;  // "ended with status 3", "was ended by signal 9 (KILL)", "did not end within 5 s and was ended"
};

// Waits for the program, not for what it has left running: who still holds its output is not waited for either (and gets
// SIGPIPE when it writes to what was `taken`). What was written before the end has been taken.
//
// Fails only when the program cannot be started (`not_found`, `denied`, `invalid`: also a zero byte in a word); a message
// names the program, never its arguments, which may be secrets. From several threads at once but for `foreground`.
//
// The child gets an empty signal mask and default signals where we have changed them (SIGPIPE always); what was ignored
// when this program began, as by nohup, stays so. Our descriptors are close-on-exec; those that this program was given
// (a shell's /dev/fd/63) are handed on. A standard stream that is closed, or is one of our own files, is /dev/null.
// Sets SIGCHLD to its default when it is ignored: otherwise nobody could be waited for.
Result<ProgramEnd> run_program(const ProgramOrder& order);

std::vector<std::string> shell_words(const std::string& command);  // /bin/sh -c command

// The end of what a program has written: for messages. Bytes before it are counted only.
class OutputTail {
public:
    explicit OutputTail(std::size_t size_max) : size_max_(size_max) {}
    bool take(ByteView more);  // true
    const std::string& text() const { return text_; }
    std::uint64_t dropped() const { return dropped_; }

private:
    std::size_t size_max_;
    std::string text_;
    std::uint64_t dropped_ = 0;
};

}  // namespace holdfast::host

// ask_program(): any program as a checker: its exit code is the verdict, what it printed last the reason.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "holdfast/agree/look.h"

namespace holdfast::agree {

struct ProgramQuestion {
    std::string command;  // for /bin/sh
    std::string folder;   // in which it runs
    std::vector<std::pair<std::string, std::string>> environment;
    std::int64_t time_ms_max = 60'000;
};
// Exit code 0 agrees. `corrupt`: any other, with the last of what it printed; `unavailable`: it could not be run, or did not
// end in time.
Result<void> ask_program(const ProgramQuestion& question, const Watch& watch);

// The last lines of what a program printed, as one.
std::string last_lines(const std::string& output);

}  // namespace holdfast::agree

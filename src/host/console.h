// The terminal: whether there is one, how wide it is, and signals that ask a program to stop.
#pragma once

#include <stop_token>
#include <string>

#include "holdfast/base/error.h"

namespace holdfast::host {

enum class Stream { input, output, error };
bool is_terminal(Stream stream);
int terminal_width();  // of standard error; 80 where it cannot be told

// SIGINT, SIGTERM and SIGHUP request a stop; a second one ends the process at once. While a program runs in the foreground
// (run_program.h) they are its own. To be called once, before threads start.
std::stop_token stop_on_signals();

// A write beyond the limit on the size of files (ulimit -f) fails, as on a full disk, and does not end the process. Programs
// that this one starts are as they would be. Call it before there are other threads.
void outlive_file_size_limit();
int stopping_signal();  // 0: none came

// Writes the question to standard error and reads a line from standard input, which is a terminal; without its newline.
// `cancelled` when a stop is requested meanwhile, or the input ends.
Result<std::string> line_from_terminal(const std::string& question, std::stop_token stop);

}  // namespace holdfast::host

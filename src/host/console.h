// The terminal: whether there is one, how wide it is, and signals that ask a program to stop.
#pragma once

#include <stop_token>

namespace holdfast::host {

enum class Stream { input, output, error };
bool is_terminal(Stream stream);
int terminal_width();  // of standard error; 80 where it cannot be told

// SIGINT and SIGTERM request a stop; a second one ends the process at once. To be called once, before threads start.
std::stop_token stop_on_signals();
int stopping_signal();  // 0: none came

}  // namespace holdfast::host

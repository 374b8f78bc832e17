// Secrets as people hand them over: printed by a command, kept in a file, typed at the terminal.
#pragma once

#include <cstdint>
#include <string>

#include "holdfast/base/bytes.h"

namespace holdfast::host {

// From all three one last newline is dropped, an empty answer is `invalid`, and no error ever holds a part of it.

// Runs `command` with /bin/sh, standard input empty, standard error ours; what it prints is the answer, complete when
// the shell has ended, whoever still holds the pipe. Fails `unavailable` with the exit status when it does not end
// with 0, or not within the limit (it is then killed), and `invalid` when it prints too much.
struct CommandLimits {
    std::int64_t time_ms_max = 60'000;
    std::size_t output_max = 64 * 1024;
};
Result<SecretBytes> secret_from_command(const std::string& command, CommandLimits limits = {});

// At most 64 KiB. The path may be a pipe (/dev/fd/N).
Result<SecretBytes> secret_from_file(const std::string& path);

// A key of at least so many bytes, that need be no text: a last newline is one of them where it would lack one without it.
Result<SecretBytes> key_from_file(const std::string& path, std::size_t size_min);

// Asks on /dev/tty without echo. `unavailable` when there is no terminal, `cancelled` on Ctrl-C.
Result<SecretBytes> secret_from_terminal(const std::string& prompt);

}  // namespace holdfast::host

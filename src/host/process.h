// Processes: running a command for a password, who has a file open, who we are, where the user's folders lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/base/bytes.h"

namespace holdfast::host {

// Runs `command` with /bin/sh, standard input empty; standard output, without one last newline, is the answer.
// Fails `unavailable` with the exit status (never with the output) when it does not end with 0 within the limit.
struct CommandLimits {
    std::int64_t time_ms_max = 60'000;
    std::size_t output_max = 64 * 1024;
};
Result<SecretBytes> secret_from_command(const std::string& command, CommandLimits limits = {});
Result<SecretBytes> secret_from_file(const std::string& path);  // one last newline dropped; at most 64 KiB
// Asks on /dev/tty without echo. `unavailable` when there is no terminal.
Result<SecretBytes> secret_from_terminal(const std::string& prompt);

struct Opener {
    std::int64_t process = 0;
    std::string command;  // as shown by /proc/PID/comm
};
struct Openers {
    std::vector<Opener> found;
    bool saw_every_process = false;  // false: some /proc/PID/fd could not be read, so there may be more
};
// Who has the file (device, inode) open or mapped, other than this process.
Result<Openers> who_has_open(std::uint64_t device, std::uint64_t inode);

// This process, so that another can tell later whether it still runs: id, start time and boot.
struct ProcessIdentity {
    std::int64_t process = 0;
    std::uint64_t start_ticks = 0;  // field 22 of /proc/PID/stat
    std::string boot_id;            // /proc/sys/kernel/random/boot_id
    std::string machine_id;         // hash of /etc/machine-id, never the id itself; empty when there is none
    std::uint64_t pid_namespace = 0;
};
ProcessIdentity this_process();
enum class Alive { yes, no, unknown };  // unknown: another machine, or not to be seen from here
Alive is_alive(const ProcessIdentity& process);

std::optional<std::string> environment(const std::string& name);
std::string cache_folder();   // $XDG_CACHE_HOME or ~/.cache, then /holdfast; made by whoever writes there
std::string working_folder();
std::string host_name();
std::string user_name();

}  // namespace holdfast::host

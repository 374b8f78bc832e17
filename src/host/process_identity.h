// ProcessIdentity: one process, known again by others later, also after its id was given to another or the machine
// was started again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/base/error.h"

namespace holdfast::host {

struct ProcessIdentity {
    std::int64_t process = 0;
    std::uint64_t start_ticks = 0;    // field 22 of /proc/PID/stat
    std::string boot_id;              // /proc/sys/kernel/random/boot_id
    std::string machine_id;           // hash of /etc/machine-id, never the id itself; empty when there is none
    std::uint64_t pid_namespace = 0;  // inode of /proc/self/ns/pid
    bool operator==(const ProcessIdentity&) const = default;

    // "4711.9034.<boot>.<machine>.4026531836": [0-9a-f.-] only, so that it may be part of a file name.
    std::string text() const;
    static Result<ProcessIdentity> parse(std::string_view text);
};
ProcessIdentity this_process();
const std::string& this_machine();  // its machine_id

enum class Alive { yes, no, unknown };  // unknown: another machine, or not to be seen from here
Alive is_alive(const ProcessIdentity& process);

}  // namespace holdfast::host

// What Linux tells in /proc: small text files and lists of numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast::host {

Result<std::string> read_proc(const std::string& path);  // at most 64 MiB; not_found also when the process has ended
std::vector<std::int64_t> visible_processes();                  // ascending
template <typename Integer>
std::optional<Integer> parse_integer(std::string_view text, int base = 10);  // the whole text, std::uint64_t or int64_t

// State letter, parent, process group and start time of a process (fields 3, 4, 5 and 22 of /proc/PID/stat).
struct ProcessStat {
    char state = '?';
    std::int64_t parent = 0;
    std::int64_t group = 0;
    std::uint64_t start_ticks = 0;
};
std::optional<ProcessStat> stat_of_process(std::int64_t process);
std::string command_of_process(std::int64_t process);  // /proc/PID/comm; "" when it has ended

// With the mount option hidepid, processes of other users are not even listed.
bool processes_may_be_unlisted();

}  // namespace holdfast::host

#include "holdfast/host/proc.h"

#include <algorithm>
#include <charconv>

#include "holdfast/base/text.h"
#include "holdfast/host/file_system.h"

namespace holdfast::host {

Result<std::string> read_proc(const std::string& path) {
    constexpr std::uint64_t size_max = 64 * 1024 * 1024;
    return std::string(text_of(TRY(read_file(posix_file_system(), path, size_max))));
}

template <typename Integer>
std::optional<Integer> parse_integer(std::string_view text, int base) {
    Integer value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}
template std::optional<std::int64_t> parse_integer(std::string_view, int);
template std::optional<std::uint64_t> parse_integer(std::string_view, int);

std::vector<std::int64_t> visible_processes() {
    std::vector<std::int64_t> processes;
    const auto names = posix_file_system().list("/proc");
    if (!names) return processes;
    for (const auto& name : *names) {
        if (const auto process = parse_integer<std::int64_t>(name)) processes.push_back(*process);
    }
    std::ranges::sort(processes);
    return processes;
}

std::optional<ProcessStat> stat_of_process(std::int64_t process) {
    const auto text = read_proc(format("/proc/{}/stat", process));
    if (!text) return std::nullopt;
    // "pid (name) state …": the name may hold spaces and parentheses, so count from the last one.
    const auto name_end = text->rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    const auto fields = split(trim(std::string_view(*text).substr(name_end + 1)), ' ');
    constexpr std::size_t state = 0, parent = 1, group = 2, start_time = 19;  // fields 3, 4, 5 and 22
    if (fields.size() <= start_time || fields[state].size() != 1) return std::nullopt;
    const auto ticks = parse_integer<std::uint64_t>(fields[start_time]);
    const auto parent_number = parse_integer<std::int64_t>(fields[parent]);
    const auto group_number = parse_integer<std::int64_t>(fields[group]);
    if (!ticks || !parent_number || !group_number) return std::nullopt;
    return ProcessStat{.state = fields[state].front(), .parent = *parent_number, .group = *group_number, .start_ticks = *ticks};
}

std::string command_of_process(std::int64_t process) {
    const auto text = read_proc(format("/proc/{}/comm", process));
    return text ? std::string(trim(*text)) : "";
}

bool processes_may_be_unlisted() {
    const auto mounts = read_proc("/proc/self/mountinfo");
    if (!mounts) return true;
    for (const auto& line : split(*mounts, '\n')) {
        if (line.find(" /proc ") == std::string::npos || line.find("hidepid=") == std::string::npos) continue;
        if (line.find("hidepid=0") == std::string::npos && line.find("hidepid=off") == std::string::npos) return true;
    }
    return false;
}

}  // namespace holdfast::host

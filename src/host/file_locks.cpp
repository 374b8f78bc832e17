#include "holdfast/host/file_locks.h"

#include <limits>
#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/host/proc.h"

namespace holdfast::host {
namespace {

// "1: POSIX  ADVISORY  WRITE 4711 08:01:131 1073741825 1073742335" (proc_locks(5)); of one who waits, "1: -> POSIX …".
std::optional<FileLockHeld> parse_line(const std::string& line) {
    std::vector<std::string> fields;
    for (auto& field : split(line, ' ')) {
        if (!field.empty()) fields.push_back(std::move(field));
    }
    constexpr std::size_t count = 8;
    if (fields.size() != count || fields[1] != "POSIX") return std::nullopt;
    const auto process = parse_integer<std::int64_t>(fields[4]);
    const auto inode = parse_integer<std::uint64_t>(fields[5].substr(fields[5].rfind(':') + 1));
    const auto first = parse_integer<std::uint64_t>(fields[6]);
    const auto last = fields[7] == "EOF" ? std::numeric_limits<std::uint64_t>::max() : parse_integer<std::uint64_t>(fields[7]);
    if (!process || !inode || !first || !last) return std::nullopt;
    return FileLockHeld{.process = *process, .inode = *inode, .first = *first, .last = *last, .is_write = fields[3] == "WRITE"};
}

}  // namespace

Result<std::vector<FileLockHeld>> file_locks_held() {
    const auto text = read_proc("/proc/locks");
    if (!text) return fail(ErrorCode::unavailable, "look for locks of other programs: /proc/locks cannot be read");
    std::vector<FileLockHeld> locks;
    for (const auto& line : split(*text, '\n')) {
        if (const auto lock = parse_line(line)) locks.push_back(*lock);
    }
    return locks;
}

}  // namespace holdfast::host

#include "holdfast/operations/recovery_log.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/lock_when_free.h"

namespace holdfast::operations {

namespace {

constexpr std::string_view title = "# Recovery Log";
constexpr std::uint64_t size_max = 64 * 1024 * 1024;

std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const bool is_space = static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
        if (!is_space) line += c;
        else if (!line.empty() && line.back() != ' ') line += ' ';
    }
    return std::string(trim(line));
}

std::string counted(std::int64_t count, std::string_view what) { return format("{} {}{}", count, what, count == 1 ? "" : "s"); }

// The first line with anything in it; a byte order mark is no part of it.
std::string_view first_line(std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
    text = text.substr(std::min(text.size(), text.find_first_not_of(" \t\r\n")));
    return trim(text.substr(0, text.find('\n')));
}

// What writers that were killed have left of host::replace_atomically(). The lock says that nobody is at it now.
void remove_unfinished(host::FileSystem& files, const std::string& path) {
    const std::string before = "." + host::file_name_of(path) + ".";
    constexpr std::string_view after = ".new";
    const auto names = files.list(host::folder_of(path));
    if (!names) return;
    for (const auto& name : *names) {
        if (name.size() <= before.size() + after.size() || !name.starts_with(before) || !name.ends_with(after)) continue;
        const auto number = std::string_view(name).substr(before.size(), name.size() - before.size() - after.size());
        if (number.find_first_not_of("0123456789") == std::string_view::npos) static_cast<void>(files.remove(host::join_path(host::folder_of(path), name)));
    }
}

// Empty: there is none, or nothing in it.
Result<std::string> text_so_far(host::FileSystem& files, const std::string& path) {
    if (!TRY(host::exists(files, path))) return std::string();
    const Bytes bytes = TRY(host::read_file(files, path, size_max));
    std::string text(text_of(bytes));
    if (trim(text).empty() || first_line(text) == title) return text;
    return fail(ErrorCode::invalid, "write the recovery log {}: its first line is not '{}', so it is something else", printable(path), title)
        .with_advice("name another file, or put that line first");
}

}  // namespace

std::string markdown_of(const RecoveryEntry& entry) {
    return format("## {}: {}\n- Cause: {}\n- Backup used: {}\n- Data lost: {}\n- Time to recover: {}\n", entry.date, one_line(entry.what),
                  entry.cause.empty() ? "not told" : one_line(entry.cause), one_line(entry.backup_used), one_line(entry.data_lost),
                  time_to_recover(entry.duration_ms));
}

std::string time_to_recover(double duration_ms) {
    const auto seconds = static_cast<std::int64_t>(duration_ms / 1000 + 0.5);
    if (seconds == 0) return "less than a second";
    if (seconds < 60) return counted(seconds, "second");
    const std::int64_t minutes = (seconds + 30) / 60;
    if (minutes < 60) return counted(minutes, "minute");
    const std::string hours = counted(minutes / 60, "hour");
    return minutes % 60 == 0 ? hours : hours + " " + counted(minutes % 60, "minute");
}

Result<void> expect_recovery_log(host::FileSystem& files, const std::string& path) {
    TRY(text_so_far(files, path));
    return {};
}

Result<void> append_to_recovery_log(host::Host host, const std::string& path, const RecoveryEntry& entry) {
    const std::string canonical = TRY(host::canonical_or_future(host.files, path));  // a link stays a link
    // Beside nobody's files: the log may lie in a folder under version control.
    const auto lock = TRY(host::lock_when_free(host, {.folder = "recovery", .what = canonical}));
    std::string text = TRY(text_so_far(host.files, canonical));
    if (trim(text).empty()) text = format("{}\n", title);
    if (!text.ends_with('\n')) text += '\n';
    if (!text.ends_with("\n\n")) text += '\n';
    text += markdown_of(entry);
    remove_unfinished(host.files, canonical);
    const auto there = TRY(host::status_if_any(host.files, canonical));
    return host::replace_atomically(host.files, canonical, bytes_of(text), there ? there->mode : 0644);
}

}  // namespace holdfast::operations

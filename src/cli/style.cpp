#include "holdfast/cli/style.h"

#include <algorithm>

#include "holdfast/base/text.h"
#include "holdfast/host/clock.h"

namespace holdfast::cli {
namespace {

// Columns on a terminal: code points, which is right for all but wide and combining characters.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

std::string Style::bold(const std::string& text) const { return colour ? format("\033[1m{}\033[0m", text) : text; }
std::string Style::good(const std::string& text) const { return colour ? format("\033[32m{}\033[0m", text) : text; }
std::string Style::bad(const std::string& text) const { return colour ? format("\033[31m{}\033[0m", text) : text; }
std::string Style::faint(const std::string& text) const { return colour ? format("\033[2m{}\033[0m", text) : text; }

std::string local_time(Timestamp moment) { return to_display(moment, host::local_offset_s(moment)); }

std::string columns(const std::vector<std::vector<std::string>>& rows, const std::vector<bool>& right) {
    std::vector<std::size_t> widths(right.size(), 0);
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
    std::string out;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string space(widths[i] - width_of(row[i]), ' ');
            line += right[i] ? space + row[i] : row[i] + space;
            if (i + 1 < row.size()) line += "  ";
        }
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

std::string counted(std::uint64_t count, std::string_view what) { return format("{} {}{}", count, what, count == 1 ? "" : "s"); }

std::string lines(const std::string& indent, const std::vector<std::string>& texts) {
    std::string out;
    for (const auto& text : texts) out += indent + printable(text) + "\n";
    return out;
}

std::string joined(const std::vector<std::string>& texts, std::string_view between) {
    std::string out;
    for (const auto& text : texts) {
        if (!out.empty()) out += between;
        out += printable(text);
    }
    return out;
}

}  // namespace holdfast::cli

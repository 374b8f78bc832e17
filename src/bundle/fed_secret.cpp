#include "holdfast/bundle/fed_secret.h"

#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/value_end.h"

namespace holdfast::bundle {

namespace {

// Also in the next lines, when the command goes on there.
bool has_reader(const std::vector<std::string_view>& lines, std::size_t at) {
    constexpr std::array<std::string_view, 9> readers = {"sudo -S", "sudo -kS", "-stdin", "passphrase-fd", "passwd-fd", "pass:stdin", "chpasswd", "smbpasswd", "--with-token"};
    constexpr std::size_t lines_max = 4;
    for (const auto end = std::min(lines.size(), at + lines_max); at < end; ++at) {
        if (std::ranges::any_of(readers, [line = lines[at]](std::string_view reader) { return line.contains(reader); })) return true;
        if (!is_continued(lines[at]) && !without_end(lines[at]).ends_with('|')) return false;
    }
    return false;
}

}  // namespace

std::size_t start_of_fed(const std::vector<std::string_view>& lines, std::size_t at) {
    constexpr std::array<std::string_view, 4> feeders = {"echo ", "printf ", "print ", "<<"};
    const auto line = lines[at];
    auto start = line.size();
    for (const auto feeder : feeders) {
        const auto found = line.find(feeder);
        if (found == std::string_view::npos) continue;
        const bool is_word = feeder == "<<" || found == 0 || !belongs_to_key(line[found - 1]);
        if (is_word) start = std::min(start, found + (feeder == "<<" ? 0 : feeder.size()));
    }
    return start < line.size() && has_reader(lines, at) ? start : line.size();
}

}  // namespace holdfast::bundle

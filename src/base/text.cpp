#include "holdfast/base/text.h"

#include <algorithm>
#include <array>

#include "holdfast/base/utf8.h"

namespace holdfast {
namespace {

// The length of the valid UTF-8 sequence at the start of `text`; 0 when there is none.
std::size_t sequence_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xF0 && first <= 0xF4 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
    if (first > 0xF4 || length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((byte(i) & 0xC0) != 0x80) return 0;
    const unsigned char second = byte(1);
    const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
    const bool surrogate_or_above = (first == 0xED && second >= 0xA0) || (first == 0xF4 && second >= 0x90);
    return overlong || surrogate_or_above ? 0 : length;
}

}  // namespace

std::string human_bytes(std::uint64_t bytes) {
    if (bytes < 1024) return format("{} B", bytes);
    static constexpr std::array units = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes) / 1024;
    std::size_t unit = 0;
    while (value >= 1023.5 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    return value < 9.95 ? format("{:.1f} {}", value, units[unit]) : format("{:.0f} {}", value, units[unit]);
}

std::string human_duration_ms(double milliseconds) {
    if (milliseconds < 9.95) return format("{:.1f} ms", milliseconds);
    if (milliseconds < 999.5) return format("{:.0f} ms", milliseconds);
    const double seconds = milliseconds / 1000;
    if (seconds < 59.995) return format("{:.2f} s", seconds);
    const auto whole = static_cast<std::int64_t>(seconds + 0.5);
    if (whole < 3600) return format("{} min {} s", whole / 60, whole % 60);
    return format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    for (;;) {
        const std::size_t at = text.find(separator);
        parts.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) return parts;
        text.remove_prefix(at + 1);
    }
}

std::string_view trim(std::string_view text) {
    constexpr std::string_view space = " \t\r\n\f\v";
    const std::size_t first = text.find_first_not_of(space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(space) - first + 1);
}

bool is_all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

std::string printable(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = sequence_length(text);
        const auto first = static_cast<unsigned char>(text[0]);
        // C0 controls, DEL, and the C1 controls U+0080…U+009F, which some terminals obey.
        const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
        const std::size_t taken = std::max<std::size_t>(length, 1);
        if (length == 0 || first < 0x20 || first == 0x7F || c1) {
            for (const char c : text.substr(0, taken)) out += format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(taken);
    }
    return out;
}

}  // namespace holdfast

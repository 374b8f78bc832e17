#include "holdfast/bundle/log_lines.h"



namespace holdfast::bundle {

namespace {

constexpr std::size_t looked_at_max = 200;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits where the pattern has 0, and else the pattern's own character; 'T' stands for a space, too.
bool fits(std::string_view text, std::string_view pattern) {
    if (text.size() < pattern.size()) return false;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        const bool fine = pattern[at] == '0' ? is_digit(text[at]) : pattern[at] == 'T' ? text[at] == 'T' || text[at] == ' ' : text[at] == pattern[at];
        if (!fine) return false;
    }
    return true;
}

int number(std::string_view text, std::size_t at, std::size_t length) {
    int value = 0;
    for (const char c : text.substr(at, length)) value = value * 10 + (c - '0');
    return value;
}

// Offset in seconds; none: the text does not begin with one.
std::optional<std::int32_t> offset_at(std::string_view text) {
    if (text.starts_with('Z')) return 0;
    if (!fits(text, "+00:00") && !fits(text, "-00:00") && !fits(text, "+0000") && !fits(text, "-0000")) return std::nullopt;
    const std::size_t minutes_at = text[3] == ':' ? 4 : 3;
    const std::int32_t seconds = number(text, 1, 2) * 3600 + number(text, minutes_at, 2) * 60;
    return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::optional<Timestamp> time_of_line(std::string_view line, const LocalToUtc& local_to_utc) {
    constexpr std::string_view pattern = "0000-00-00T00:00:00";
    line = line.substr(0, looked_at_max);
    for (std::size_t at = 0; at + pattern.size() <= line.size(); ++at) {
        if (!fits(line.substr(at), pattern) || (at > 0 && is_digit(line[at - 1]))) continue;
        const auto text = line.substr(at);
        CivilTime civil{.year = number(text, 0, 4), .month = number(text, 5, 2), .day = number(text, 8, 2), .hour = number(text, 11, 2), .minute = number(text, 14, 2), .second = number(text, 17, 2)};
        std::size_t rest = pattern.size();
        if (rest < text.size() && (text[rest] == '.' || text[rest] == ',')) {
            std::int64_t unit = nanoseconds_per_second / 10;
            for (++rest; rest < text.size() && is_digit(text[rest]); ++rest, unit /= 10) civil.nanosecond += unit * (text[rest] - '0');
        }
        const auto offset = offset_at(text.substr(rest));
        const auto moment = offset ? timestamp_of(civil, *offset) : local_to_utc(civil);
        if (moment) return *moment;
    }
    return std::nullopt;
}

LogLines lines_within(std::string_view log, const LogSpan& span, const LocalToUtc& local_to_utc) {
    LogLines found;
    bool is_within = false;
    for (std::string_view rest = log; !rest.empty();) {
        const auto end = rest.find('\n');
        const auto line = rest.substr(0, end == std::string_view::npos ? rest.size() : end + 1);
        rest.remove_prefix(line.size());
        if (const auto time = time_of_line(line, local_to_utc)) {
            found.has_times = true;
            is_within = *time > span.after && *time <= span.until;
        }
        if (is_within) found.text += line;
    }
    if (!found.has_times) found.text = log;
    return found;
}

}  // namespace holdfast::bundle

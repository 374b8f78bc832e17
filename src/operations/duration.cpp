#include "holdfast/operations/duration.h"

#include <charconv>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t digits_max = 9;  // a thousand million weeks still fit

std::int64_t seconds_in(char unit) {
    switch (unit) {
        case 's': return 1;
        case 'm': return 60;
        case 'h': return 3600;
        case 'd': return 86'400;
        case 'w': return 604'800;
        default: return 0;
    }
}

}  // namespace

Result<std::int64_t> parse_duration_s(std::string_view given) {
    const std::string_view text = trim(given);
    if (text == "0") return 0;
    const std::string_view digits = text.empty() ? text : text.substr(0, text.size() - 1);
    const std::int64_t unit = text.empty() ? 0 : seconds_in(text.back());
    if (unit == 0 || !is_all_digits(digits) || digits.size() > digits_max) {
        return fail(ErrorCode::invalid, "read the duration '{}': it is a number and one of s, m, h, d, w", printable(given))
            .with_advice("for example 0, 90m, 24h or 7d");
    }
    std::int64_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count * unit;
}

}  // namespace holdfast::operations

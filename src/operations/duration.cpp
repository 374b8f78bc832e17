#include "holdfast/operations/duration.h"

#include <array>
#include <charconv>

#include "holdfast/base/text.h"

namespace holdfast::operations {

namespace {

constexpr std::size_t digits_max = 9;  // a thousand million years still fit

struct Unit {
    std::string_view name;
    std::int64_t seconds;
};
constexpr std::array units = {Unit{"mo", 30 * 86'400}, Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3600},
                              Unit{"d", 86'400}, Unit{"w", 604'800}, Unit{"y", 365 * 86'400}};

}  // namespace

Result<std::int64_t> parse_duration_s(std::string_view given) {
    const std::string_view text = trim(given);
    if (text == "0") return 0;
    for (const auto& unit : units) {
        if (!text.ends_with(unit.name)) continue;
        const auto digits = text.substr(0, text.size() - unit.name.size());
        if (!is_all_digits(digits) || digits.size() > digits_max) break;
        std::int64_t count = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), count);
        return count * unit.seconds;
    }
    return fail(ErrorCode::invalid, "read the duration '{}': it is a whole number and one of s, m, h, d, w, mo, y", printable(given))
        .with_advice("for example 0, 90m, 24h or 7d");
}

}  // namespace holdfast::operations

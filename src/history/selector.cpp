#include "holdfast/history/selector.h"

#include <algorithm>
#include <charconv>

#include "holdfast/base/text.h"

namespace holdfast::history {

namespace {

constexpr std::size_t id_prefix_min = 8;
constexpr std::size_t id_size = 64;  // hex digits of a whole id
constexpr std::string_view forms =
    "say a number (43), latest, latest~2, last-good, an id's first 8 or more characters, or --at TIME";

Error not_understood(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid, "which backup is meant by '{}': {}", printable(text), why).with_advice(std::string(forms));
}

// Fifteen digits are more than any number will ever have, and fit.
std::optional<std::uint64_t> parse_count(std::string_view digits) {
    if (!is_all_digits(digits) || digits.size() > 15) return std::nullopt;
    std::uint64_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
}

Result<Selector> parse_number(std::string_view text, std::string_view digits) {
    const auto number = parse_count(digits);
    if (!number || *number == 0) return not_understood(text, "numbers are from 1 to 999999999999999");
    return Selector{.kind = Selector::Kind::number, .number = {*number}};
}

bool is_hex(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

Result<Selector> parse_id(std::string_view text, std::string_view digits) {
    std::string prefix = lower(digits);
    if (!is_hex(prefix)) return not_understood(text, "an id has the digits 0-9 and a-f only");
    if (prefix.size() < id_prefix_min) return not_understood(text, "an id needs its first 8 characters at least");
    if (prefix.size() > id_size) return not_understood(text, "an id has 64 characters");
    return Selector{.kind = Selector::Kind::id_prefix, .id_prefix = std::move(prefix)};
}

}  // namespace

Result<Selector> parse_selector(std::string_view given) {
    const std::string_view text = trim(given);
    if (text.empty()) return not_understood(given, "it is empty");
    if (is_all_digits(text)) return parse_number(text, text);
    if (text.front() == '#') return parse_number(text, text.substr(1));
    if (text == "last-good") return Selector{.kind = Selector::Kind::last_good};
    if (text == "latest") return Selector{};
    constexpr std::string_view before = "latest~";
    if (text.starts_with(before)) {
        const auto back = parse_count(text.substr(before.size()));
        if (!back) return not_understood(text, "after latest~ comes how many backups before the latest");
        return Selector{.kind = Selector::Kind::latest, .back = *back};
    }
    constexpr std::string_view id = "id:";
    if (text.starts_with(id)) return parse_id(text, text.substr(id.size()));
    if (text.size() >= id_prefix_min && is_hex(lower(text))) return parse_id(text, text);
    return not_understood(text, "it is none of the forms");
}

}  // namespace holdfast::history

#include "holdfast/history/retention_policy.h"

#include <charconv>

#include "holdfast/base/text.h"

namespace holdfast::history {
namespace {

Error empty_rule(std::string_view whose) {
    return fail(ErrorCode::invalid, "retention of {}: the rule keeps nothing", printable(whose)).with_advice("give it keep_last, keep_daily or another count above 0, or keep_all");
}

}  // namespace

bool RetentionRule::is_empty() const { return *this == RetentionRule{}; }

std::string to_text(const RetentionRule& rule) {
    std::string text;
    const auto add = [&](std::string_view part) { text += format("{}{}", text.empty() ? "" : ", ", part); };
    const auto add_count = [&](std::string_view name, KeepCount count) {
        if (count > 0) add(count == keep_every_one ? format("{} all", name) : format("{} {}", name, count));
    };
    if (rule.all) add("every one");
    add_count("last", rule.last);
    for (std::size_t at = 0; at < period_count; ++at) add_count(adverb_of(static_cast<Period>(at)), rule.of(static_cast<Period>(at)));
    if (!rule.within.is_zero()) add(format("within {}", in_words(rule.within)));
    return text.empty() ? "nothing" : text;
}

Result<void> expect_keeping(const RetentionPolicy& policy) {
    if (policy.automatic.is_empty()) return empty_rule("automatic backups");
    if (policy.manual.is_empty()) return empty_rule("manual backups");
    for (const auto& [tag, rule] : policy.tags)
        if (rule.is_empty()) return empty_rule(format("backups tagged {}", tag));
    return {};
}

Result<KeepCount> parse_keep_count(std::string_view what, std::string_view given) {
    constexpr std::size_t digits_max = 9;
    const std::string_view text = trim(given);
    if (text == "all") return keep_every_one;
    if (!is_all_digits(text) || text.size() > digits_max) {
        return fail(ErrorCode::invalid, "{}: '{}' is no count", what, printable(given)).with_advice("a whole number from 0, or all");
    }
    KeepCount count = 0;
    std::from_chars(text.data(), text.data() + text.size(), count);
    return count;
}

}  // namespace holdfast::history

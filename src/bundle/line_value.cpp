#include "holdfast/bundle/line_value.h"

#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/redact.h"

namespace holdfast::bundle {

namespace {

// Nothing but what may follow a value in a list.
bool is_over(std::string_view line, std::size_t end) {
    const auto next = line.find_first_not_of(" \t\r", end);
    return next == std::string_view::npos || line[next] == ',' || line[next] == '}' || line[next] == ']';
}

// Behind the quote that closes what opens there; npos: it does not in this line.
std::size_t behind_quote(std::string_view line, std::size_t open) {
    for (std::size_t at = open + 1; at < line.size(); ++at) {
        if (line[at] == line[open]) return at + 1;
        if (line[at] == '\\') ++at;
    }
    return std::string_view::npos;
}

// Behind the bracket that closes the one there; npos: it does not in this line.
std::size_t behind_bracket(std::string_view line, std::size_t open) {
    int depth = 0;
    for (std::size_t at = open; at < line.size(); ++at) {
        if (line[at] == '"') {
            at = behind_quote(line, at);
            if (at == std::string_view::npos) return at;
            --at;
        } else if (line[at] == '{' || line[at] == '[') {
            ++depth;
        } else if ((line[at] == '}' || line[at] == ']') && --depth == 0) {
            return at + 1;
        }
    }
    return std::string_view::npos;
}

}  // namespace

std::optional<QuotedText> QuotedTexts::around(std::size_t place) {
    while (at_ <= place && at_ < line_.size()) {
        const bool is_apostrophe = line_[at_] == '\'' && at_ > 0 && (is_letter(line_[at_ - 1]) || is_digit(line_[at_ - 1]));
        const auto behind = is_quote(line_[at_]) && !is_apostrophe ? behind_quote(line_, at_) : std::string_view::npos;
        if (behind == std::string_view::npos) {
            at_ += line_[at_] == '\\' ? 2u : 1u;
        } else {
            last_ = {.open = at_, .behind = behind};
            at_ = behind;
        }
    }
    return place > last_.open && place < last_.behind ? std::optional(last_) : std::nullopt;
}

std::optional<std::size_t> end_in_structure(std::string_view line, const Named& named) {
    if (!named.is_quoted || !named.has_sign || named.value >= line.size()) return std::nullopt;
    std::size_t end = named.value;
    if (is_quote(line[end])) {
        end = behind_quote(line, end);
    } else if (line.substr(end).starts_with(in_its_place)) {
        end += in_its_place.size();
    } else if (line[end] == '{' || line[end] == '[') {
        end = behind_bracket(line, end);
    } else {
        while (end < line.size() && (belongs_to_key(line[end]) || line[end] == '+')) ++end;
    }
    return end <= line.size() && end > named.value && is_over(line, end) ? std::optional(end) : std::nullopt;
}

std::optional<std::size_t> end_in_text(std::string_view line, const Named& named, const QuotedText& text) {
    if (named.is_quoted || !is_over(line, text.behind)) return std::nullopt;
    const auto close = text.behind - 1;
    if (close > named.value) return close;
    return named.has_sign ? std::nullopt : std::optional(named.value);
}

}  // namespace holdfast::bundle

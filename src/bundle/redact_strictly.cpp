#include "holdfast/bundle/redact_strictly.h"

#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/secret_signs.h"
#include "holdfast/bundle/secret_words.h"
#include "holdfast/bundle/value_end.h"

namespace holdfast::bundle {

namespace {

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }
bool is_list_item(std::string_view line) { return line.substr(indent_of(line)).starts_with("- "); }
bool has_content(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80; });
}

// A name in a line, and where its value begins.
struct Named {
    std::string_view name;
    std::size_t end = 0;           // of the name
    std::size_t value = 0;         // the line's size: nothing is there
    bool has_sign = false;         // = or : stands between them
    bool is_quoted = false;        // the name
    bool is_value_itself = false;  // a sign stands before it
};
Named named_at(std::string_view line, std::size_t start) {
    std::size_t end = start;
    while (end < line.size() && belongs_to_key(line[end])) ++end;
    Named named{.name = line.substr(start, end - start), .end = end, .value = end};
    named.is_quoted = start > 0 && end < line.size() && is_quote(line[start - 1]) && line[end] == line[start - 1];
    const auto before = without_end(line.substr(0, start - (named.is_quoted ? 1 : 0)));
    named.is_value_itself = !before.empty() && (before.back() == '=' || before.back() == ':');
    auto& at = named.value;
    if (at < line.size() && line[at] == '\\') ++at;
    if (at < line.size() && is_quote(line[at]) && (named.is_quoted || at > end)) ++at;
    for (bool was_sign = false; at < line.size(); ++at) {
        const char c = line[at];
        const bool is_sign = c == '=' || c == ':';
        const bool is_before_sign = !named.has_sign && std::string_view("]),+?").contains(c);
        if (!is_sign && !is_space(c) && !is_before_sign && !(c == '>' && was_sign)) break;
        named.has_sign = named.has_sign || is_sign;
        was_sign = is_sign;
    }
    return named;
}
// The next name from there on; its value is the line's size and its name empty: there is none.
Named next_named(std::string_view line, std::size_t at) {
    while (at < line.size() && !belongs_to_key(line[at])) ++at;
    return at < line.size() ? named_at(line, at) : Named{.name = {}, .end = line.size(), .value = line.size()};
}

// "name": "value", or "name": 12} of JSON and its like: where the value ends, when it does so in this line.
std::optional<std::size_t> end_in_structure(std::string_view line, const Named& named) {
    if (!named.is_quoted || !named.has_sign || named.value >= line.size()) return std::nullopt;
    std::size_t end = named.value;
    if (is_quote(line[end])) {
        const char quote = line[end++];
        while (end < line.size() && line[end] != quote) end += line[end] == '\\' ? 2u : 1u;
        ++end;
    } else if (line.substr(end).starts_with(in_its_place)) {
        end += in_its_place.size();
    } else {
        while (end < line.size() && (belongs_to_key(line[end]) || line[end] == '+')) ++end;
    }
    if (end > line.size() || end == named.value) return std::nullopt;
    const auto next = line.find_first_not_of(" \t\r", end);
    const bool is_over = next == std::string_view::npos || line[next] == ',' || line[next] == '}' || line[next] == ']';
    return is_over ? std::optional(end) : std::nullopt;
}

// Without its quotes, and what follows them in a list.
std::string_view bare(std::string_view value) {
    value = trim(value);
    while (!value.empty() && (value.back() == ',' || value.back() == ';')) value.remove_suffix(1);
    if (value.size() > 1 && is_quote(value.front()) && value.back() == value.front()) value = value.substr(1, value.size() - 2);
    return value;
}

bool is_closing_tag(std::string_view value) { return trim(value).starts_with("</") && trim(value).find('>') == trim(value).size() - 1; }

bool is_remark(std::string_view line) {
    constexpr std::array<std::string_view, 6> beginnings = {"#", "//", ";", "--", "*", "/*"};
    return std::ranges::any_of(beginnings, [text = trim(line)](std::string_view beginning) { return text.starts_with(beginning); });
}
// "# hunter is the password": what is told may stand anywhere. Of "# PASSWORD=hunter" the name can stay.
bool tells_of_secret(std::string_view line) {
    for (auto named = next_named(line, 0); !named.name.empty(); named = next_named(line, named.end)) {
        if (may_name_secret(named.name) && !named.has_sign) return true;
    }
    return false;
}

// Behind the names.
class Values {
public:
    explicit Values(std::string_view text)
        : lines_(lines_of(text)), value_end_(lines_, text.size()), is_secret_object_(std::ranges::any_of(lines_, [](std::string_view line) { return in_small_letters(trim(line)) == "kind: secret"; })) {}

    RedactedText run() {
        for (at_ = 0; at_ < lines_.size(); ++at_) {
            if (at_ > 0) result_.text += '\n';
            take(lines_[at_]);
        }
        return std::move(result_);
    }

private:
    void take(std::string_view line) {
        if (const auto name = trim(line); name.starts_with('[') && name.ends_with(']')) is_secret_section_ = may_name_secret(name);
        if (const auto last = last_of_key(line); last != at_ || is_key_in_line(line)) return replace(line, last, "");
        if (is_remark(line) && tells_of_secret(line)) {
            const auto start = std::min(line.find_first_not_of(" \t#/;*-"), line.size());
            result_.text += line.substr(0, start);
            return replace(line.substr(start), at_, "");
        }
        done_ = 0;
        for (auto named = next_named(line, 0); !named.name.empty(); named = next_named(line, std::max(named.end, done_))) {
            const bool is_closing_tag = named.end > named.name.size() && line[named.end - named.name.size() - 1] == '/';
            if (!is_closing_tag && is_secret(named) && take_value(line, named) == Taken::all) return;
        }
        result_.text += line.substr(done_);
    }
    bool is_secret(const Named& named) const {
        constexpr std::array<std::string_view, 4> values = {"value", "content", "default", "text"};
        if (may_name_secret(named.name)) return true;
        if (!named.has_sign || named.is_value_itself) return false;
        const bool is_below_its_name = at_ == below_its_name_ && is_among(in_small_letters(named.name), values);
        return is_secret_section_ || is_below_its_name || (is_secret_object_ && indent_of(lines_[at_]) > 0);
    }

    static bool is_key_in_line(std::string_view line) { return line.contains("PRIVATE KEY") && line.contains("BEGIN") && line.contains("END "); }
    // -----BEGIN PRIVATE KEY-----, ---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----, Private-Lines: 3 of PuTTY; never ended: all the rest.
    std::size_t last_of_key(std::string_view line) const {
        const bool begins = line.contains("PRIVATE KEY") && line.contains("BEGIN") && !is_key_in_line(line), is_putty = trim(line).starts_with("Private-Lines:");
        std::size_t last = at_;
        while ((begins || is_putty) && ++last < lines_.size()) {
            if (begins ? lines_[last].contains("END") && lines_[last].contains("PRIVATE KEY") : lines_[last].starts_with("Private-MAC:")) break;
        }
        return std::min(last, lines_.size() - 1);
    }

    enum class Taken { some, all };  // of what was left of the line
    Taken take_value(std::string_view line, const Named& named) {
        if (const auto end = end_in_structure(line, named)) {
            const auto value = line.substr(named.value, *end - named.value);
            if (is_harmless_value(bare(value))) return Taken::some;
            result_.text += line.substr(done_, named.value - done_);
            replace(value, at_, named.name);
            done_ = *end;
            return Taken::some;
        }
        const auto value = line.substr(named.value);
        auto last = value_end_.find(at_, named.value);
        if (last == at_ && (!has_content(value) || is_closing_tag(value))) return take_lines_below(line, named);
        if (named.has_sign) last = last_deeper(last, indent_of(line));
        if (last == at_ && is_harmless_value(bare(value))) return Taken::some;
        result_.text += line.substr(done_, named.value - done_);
        replace(value, last, named.name);
        return Taken::all;
    }

    // Nothing but signs is behind the name: its value is in the lines below.
    Taken take_lines_below(std::string_view line, const Named& named) {
        const auto value = trim(line.substr(named.value));
        const bool ends_remarks = is_remark(line) && (at_ + 1 == lines_.size() || !is_remark(lines_[at_ + 1]));
        const bool is_told = value.find_first_of("]})") != std::string_view::npos || value.starts_with("\"\"") || value.starts_with("''");
        if (named.is_value_itself) below_its_name_ = at_ + 1;
        const auto last = named.is_value_itself || ends_remarks || is_told ? at_ : last_below(indent_of(line), named);
        if (last == at_) return Taken::some;
        if (!value.empty() && value != ">" && !is_closing_tag(value)) {
            result_.text += line.substr(done_, named.value - done_);
            replace(value, last, named.name);
            return Taken::all;
        }
        result_.text += line.substr(done_);
        result_.text += '\n';
        const auto first = lines_[++at_];
        result_.text += first.substr(0, indent_of(first));
        replace(first.substr(indent_of(first)), last, named.name);
        return Taken::all;
    }
    // The next line with letters and what it leaves open, and those that are as deep, or go on with its list.
    std::size_t last_below(std::size_t indent, const Named& named) {
        std::size_t first = at_ + 1;
        while (first < lines_.size() && !has_content(lines_[first])) ++first;
        if (first == lines_.size()) return at_;
        const auto last = value_end_.find(first, 0);
        if (indent_of(lines_[first]) > indent) return last_deeper(last, indent);
        if (named.has_sign && next_named(lines_[first], 0).has_sign) return at_;  // NAME= without a value, and the next one
        return is_list_item(lines_[first]) ? last_of_list(last, indent) : last;
    }
    std::size_t last_deeper(std::size_t last, std::size_t indent) const {
        for (std::size_t next = last + 1; next < lines_.size(); ++next) {
            if (trim(lines_[next]).empty()) continue;
            if (indent_of(lines_[next]) <= indent) break;
            last = next;
        }
        return last;
    }
    std::size_t last_of_list(std::size_t last, std::size_t indent) const {
        for (std::size_t next = last + 1; next < lines_.size(); ++next) {
            if (trim(lines_[next]).empty()) continue;
            if (indent_of(lines_[next]) <= indent && !is_list_item(lines_[next])) break;
            last = next;
        }
        return last;
    }

    // The quotes of a value stay, a comma behind it, and the number of lines.
    void replace(std::string_view value, std::size_t last, std::string_view name) {
        const auto whole = without_end(value);
        if (bare(whole) == in_its_place) {
            result_.text += whole;
        } else {
            note(name);
            const auto end = last == at_ ? whole : without_end(lines_[last]);
            const std::string_view comma = end.ends_with(',') ? "," : end.ends_with(';') ? ";" : "";
            const bool has_quotes = !whole.empty() && is_quote(whole.front()) && end.substr(0, end.size() - comma.size()).ends_with(whole.front());
            const bool is_object = !whole.empty() && (whole.front() == '{' || whole.front() == '[');
            const std::string_view quote = has_quotes ? whole.substr(0, 1) : is_object ? "\"" : "";
            result_.text += format("{}{}{}{}", quote, in_its_place, quote, comma);
        }
        if (value.ends_with('\r') || lines_[last].ends_with('\r')) result_.text += value.ends_with('\r') || last > at_ ? "\r" : "";
        for (; at_ < last; ++at_) result_.text += '\n';
    }

    void note(std::string_view name) { result_.removed.push_back({.line = at_ + 1, .key = std::string(name), .sign = SecretSign::key_name}); }

    const std::vector<std::string_view> lines_;
    ValueEnd value_end_;
    RedactedText result_;
    std::size_t at_ = 0;    // the line
    std::size_t done_ = 0;  // how much of it has been taken
    bool is_secret_section_ = false;
    std::size_t below_its_name_ = 0;  // the line behind one that names a secret: name: DB_PASSWORD, and below it value: …
    const bool is_secret_object_;     // kind: Secret of Kubernetes
};

}  // namespace

// Values by their places come first, but for addresses, which hold names of their own: nothing else may take a part of one and
// leave the rest without its name.
RedactedText redact_strictly(std::string_view text) {
    auto all = redact_addresses(text);
    for (auto* next : {+[](std::string_view part) { return Values(part).run(); }, &redact, &redact_words}) {
        auto more = next(all.text);
        all.text = std::move(more.text);
        std::ranges::move(more.removed, std::back_inserter(all.removed));
    }
    std::ranges::stable_sort(all.removed, {}, &RemovedSecret::line);
    return all;
}

}  // namespace holdfast::bundle

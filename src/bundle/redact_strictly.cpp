#include "holdfast/bundle/redact_strictly.h"

#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/bundle/closing_tags.h"
#include "holdfast/bundle/fed_secret.h"
#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/line_value.h"
#include "holdfast/bundle/secret_signs.h"
#include "holdfast/bundle/secret_words.h"
#include "holdfast/bundle/setting_names.h"
#include "holdfast/bundle/told_beside.h"
#include "holdfast/bundle/value_end.h"

namespace holdfast::bundle {

namespace {

std::size_t indent_of(std::string_view line) { return std::min(line.find_first_not_of(" \t"), line.size()); }
bool is_list_item(std::string_view line) { return line.substr(indent_of(line)).starts_with("- "); }
// Of the names in a line, behind the "- " of a list.
std::size_t depth_of(std::string_view line) {
    auto at = indent_of(line);
    while (line.substr(at).starts_with("- ")) at = std::min(line.find_first_not_of(" \t", at + 1), line.size());
    return at;
}
// As deep as the name in an item of a list may be its value's next line, or the next name.
bool is_deeper(std::string_view next, std::string_view line) {
    const auto indent = indent_of(next);
    return indent > depth_of(line) || (indent > indent_of(line) && !next_named(next, 0).has_sign);
}
bool is_item_below(std::string_view next, std::string_view line) { return indent_of(next) == depth_of(line) && is_list_item(next); }
bool has_content(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80; });
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
    constexpr std::array<std::string_view, 5> beginnings = {"#", "//", ";", "*", "/*"};
    const auto text = trim(line);
    const bool is_flag = text.size() > 2 && is_letter(text[2]);  // --password
    return (text.starts_with("--") && !is_flag) || std::ranges::any_of(beginnings, [text](std::string_view beginning) { return text.starts_with(beginning); });
}
// "# hunter is the password": what is told may stand anywhere. Of "# PASSWORD=hunter" the name can stay.
bool tells_of_secret(std::string_view line) {
    for (auto named = next_named(line, 0); !named.name.empty(); named = next_named(line, named.end)) {
        if (may_name_secret(named.name) && !named.has_sign) return true;
    }
    return false;
}

// A call that is given a password, and no name beside it: new PDO(dsn, user, 'SECRET'); IDENTIFIED BY 'SECRET' of SQL.
bool signs_in(std::string_view line, const Named& named) {
    constexpr std::array<std::string_view, 12> calls = {"pdo", "mysqli", "mysqli_connect", "mysql_connect", "mysql_pconnect", "real_connect", "ftp_login", "ldap_bind", "imap_open", "getconnection", "createconnection", "login"};
    const auto name = in_small_letters(named.name);
    const auto rest = line.substr(named.end);
    const auto last = std::string_view(name).substr(name.rfind('.') + 1);
    if (rest.starts_with('(') && !rest.starts_with("()")) return is_among(last, calls) && (last != "login" || last.size() < name.size());
    const auto next = in_small_letters(trim(rest.substr(0, 8)));
    return name == "identified" && (next.starts_with("with ") || next == "by" || next.starts_with("by "));
}
// Behind the names.
class Values {
public:
    explicit Values(std::string_view text) : lines_(lines_of(text)), value_end_(lines_, text.size()), told_beside_(lines_), closing_tags_(lines_), has_machines_(std::ranges::any_of(lines_, is_machine)) {}

    RedactedText run() {
        for (at_ = 0; at_ < lines_.size(); ++at_) {
            if (at_ > 0) result_.text += '\n';
            take(lines_[at_]);
        }
        return std::move(result_);
    }

private:
    static bool is_machine(std::string_view line) { return trim(line).starts_with("machine "); }

    void take(std::string_view line) {
        if (const auto name = trim(line); is_section(name)) is_secret_section_ = may_name_secret(name);
        if (const auto last = last_of_key(line); last != at_ || is_key_in_line(line)) return replace(line, last, "");
        if (is_remark(line) && tells_of_secret(line)) {
            const auto start = std::min(line.find_first_not_of(" \t#/;*-"), line.size());
            result_.text += line.substr(0, start);
            return replace(line.substr(start), at_, "");
        }
        done_ = 0;
        texts_ = QuotedTexts(line);
        const auto fed = start_of_fed(lines_, at_);
        for (auto named = next_named(line, 0); named.start < fed; named = next_named(line, std::max(named.end, done_))) {
            if (is_secret(line, named) && take_value(line, named) == Taken::all) return;
        }
        const auto from = std::max(done_, fed);
        result_.text += line.substr(done_, from - done_);
        if (from < line.size()) replace(line.substr(from), value_end_.find(at_, from), "");
    }
    bool is_secret(std::string_view line, const Named& named) const {
        const auto before = line.substr(0, named.start);
        if (before.ends_with("</")) return false;
        if (before.ends_with('/') && !is_switch(line, named)) return false;
        if (may_name_secret(named.name) || (named.is_escaped && may_name_secret(std::string_view(named.name).substr(1)))) return true;
        if (told_beside_.has({at_, named.start}) || signs_in(line, named)) return true;
        if (!named.has_sign) return has_machines_ && named.name == "account";
        return !named.is_value_itself && (is_secret_section_ || named.name == "KEY");
    }
    // /p:VALUE of Windows; other slashes are those of paths.
    static bool is_switch(std::string_view line, const Named& named) {
        const bool is_first = named.start == 1 || is_space(line[named.start - 2]);
        return is_first && named.has_sign && named.value < line.size() && line[named.value] != '/';
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
        const auto closing = named.is_tag ? closing_tags_.next(named.name, {at_, named.end}) : std::nullopt;
        if (const auto end = end_in_line(line, named, closing)) {
            const auto value = line.substr(named.value, *end - named.value);
            if (is_harmless_value(bare(value))) return Taken::some;
            result_.text += line.substr(done_, named.value - done_);
            replace(value, at_, named.name);
            done_ = *end;
            return Taken::some;
        }
        const auto value = line.substr(named.value);
        if (closing && !has_content(value) && !may_be_settings(named.name)) return take_below(line, last_before(*closing), named);
        auto last = value_end_.find(at_, named.value);
        if (last == at_ && (!has_content(value) || is_closing_tag(value))) return take_lines_below(line, named);
        if (named.has_sign) last = last_deeper(last, line);
        if (closing) last = std::max(last, last_before(*closing));
        if (last == at_ && is_harmless_value(bare(value))) return Taken::some;
        result_.text += line.substr(done_, named.value - done_);
        replace(value, last, named.name);
        return Taken::all;
    }
    std::optional<std::size_t> end_in_line(std::string_view line, const Named& named, const std::optional<ClosingTags::Place>& closing) {
        if (closing && closing->first == at_ && closing->second >= named.value && line[named.value - 1] == '>') return closing->second;
        if (const auto end = end_in_structure(line, named)) return end;
        const auto text = texts_.around(named.start);
        return text ? end_in_text(line, named, *text) : std::nullopt;
    }
    // A line that begins with the tag stays.
    std::size_t last_before(const ClosingTags::Place& closing) const {
        const bool is_first = indent_of(lines_[closing.first]) == closing.second;
        return std::max(at_, closing.first - (is_first && closing.first > 0 ? 1 : 0));
    }

    // Nothing but signs is behind the name: its value is in the lines below.
    Taken take_lines_below(std::string_view line, const Named& named) {
        const auto value = trim(line.substr(named.value));
        const bool ends_remarks = is_remark(line) && (at_ + 1 == lines_.size() || !is_remark(lines_[at_ + 1]));
        const bool ends_list = !named.has_sign && line.substr(named.end, named.value - named.end).contains(']');
        const bool is_told = ends_list || value.find_first_of("]})") != std::string_view::npos || value.starts_with("\"\"") || value.starts_with("''");
        const auto last = named.is_value_itself || ends_remarks || is_told ? at_ : last_below(line, named);
        return take_below(line, last, named);
    }
    Taken take_below(std::string_view line, std::size_t last, const Named& named) {
        const auto value = trim(line.substr(named.value));
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
    std::size_t last_below(std::string_view line, const Named& named) {
        std::size_t next = at_ + 1;
        while (next < lines_.size() && !has_content(lines_[next])) ++next;
        if (next == lines_.size()) return at_;
        const auto is_its = [&](std::string_view value) { return is_deeper(value, line) || (named.has_sign && is_item_below(value, line)); };
        const auto behind = is_remark(line) ? next : behind_remarks(next);
        const auto first = behind < lines_.size() && is_its(lines_[behind]) ? behind : next;
        const auto value = lines_[first];
        const auto inner = next_named(value, 0);
        if (inner.has_sign && is_deeper(value, line) && !is_list_item(value) && may_be_settings(named.name)) return at_;
        const auto closing = inner.is_tag ? closing_tags_.next(inner.name, {first, inner.end}) : std::nullopt;
        const auto last = std::max(value_end_.find(first, 0), closing ? closing->first : first);
        if (is_deeper(value, line)) return last_deeper(last, line);
        if (named.has_sign && inner.has_sign && !is_its(value)) return at_;  // NAME= without a value, and the next one
        return is_list_item(value) ? last_of_list(last, line) : last;
    }
    std::size_t behind_remarks(std::size_t at) const {
        while (at < lines_.size() && (trim(lines_[at]).empty() || is_number_sign(lines_[at]))) ++at;
        return at;
    }
    static bool is_number_sign(std::string_view line) { return trim(line).starts_with('#'); }
    std::size_t last_deeper(std::size_t last, std::string_view line) const {
        return last_while(last, line, [line](std::string_view next) { return is_deeper(next, line); });
    }
    std::size_t last_of_list(std::size_t last, std::string_view line) const {
        return last_while(last, line, [line](std::string_view next) { return is_deeper(next, line) || is_item_below(next, line); });
    }
    // Behind a line; what is empty or a remark ends nothing.
    std::size_t last_while(std::size_t last, std::string_view line, const auto& belongs) const {
        const bool skips_remarks = !is_remark(line);
        for (std::size_t next = last + 1; next < lines_.size(); ++next) {
            if (belongs(lines_[next]) && !trim(lines_[next]).empty()) last = next;
            else if (!trim(lines_[next]).empty() && !(skips_remarks && is_number_sign(lines_[next]))) break;
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
    const ToldBeside told_beside_;
    const ClosingTags closing_tags_;
    const bool has_machines_;    // of .netrc
    QuotedTexts texts_{""};      // of the line
    RedactedText result_;
    std::size_t at_ = 0;    // the line
    std::size_t done_ = 0;  // how much of it has been taken
    bool is_secret_section_ = false;
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

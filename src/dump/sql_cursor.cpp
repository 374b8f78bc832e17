#include "holdfast/dump/sql_cursor.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "holdfast/base/text.h"

namespace holdfast::dump {
namespace {

constexpr int depth_max = 64;  // of expressions: replace() of replace() of …

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80; }
int digit_of(char c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string with_all_replaced(std::string_view text, std::string_view what, std::string_view with) {
    if (what.empty()) return std::string(text);
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0;;) {
        const auto found = text.find(what, at);
        out += text.substr(at, found - at);
        if (found == std::string_view::npos) return out;
        out += with;
        at = found + what.size();
    }
}

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
}

// The escapes of unistr(): \XXXX, \+XXXXXX, \uXXXX, \UXXXXXXXX and \\ (https://sqlite.org/lang_corefunc.html#unistr).
bool unescape(std::string_view text, std::string& out) {
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '\\') {
            out += text[i++];
            continue;
        }
        if (++i == text.size()) return false;
        if (text[i] == '\\') {
            out += text[i++];
            continue;
        }
        const std::size_t digits = text[i] == '+' ? 6 : text[i] == 'U' ? 8 : 4;
        if (text[i] == '+' || text[i] == 'u' || text[i] == 'U') ++i;
        if (text.size() - i < digits) return false;
        std::uint32_t c = 0;
        for (std::size_t end = i + digits; i < end; ++i) {
            if (digit_of(text[i]) < 0) return false;
            c = c * 16 + static_cast<std::uint32_t>(digit_of(text[i]));
        }
        append_utf8(out, c);
    }
    return true;
}

bool is_number(const Value& value) { return std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value); }
double real_of(const Value& value) {
    const auto* integer = std::get_if<std::int64_t>(&value);
    return integer ? static_cast<double>(*integer) : std::get<double>(value);
}

}  // namespace

bool SqlCursor::cut() {
    is_over = is_last_;
    if (is_last_) return fault("it ends in the middle of a statement");
    is_cut = true;
    return false;
}

bool SqlCursor::fault(std::string what) {
    wrong = std::move(what);
    return false;
}

bool SqlCursor::skip_space() {
    while (at < text_.size()) {
        const char c = text_[at];
        if (is_space(c)) {
            ++at;
        } else if (c == '-' && text_.substr(at, 2) == "--") {
            const auto end = text_.find('\n', at);
            if (end == std::string_view::npos && !is_last_) return cut();
            at = end == std::string_view::npos ? text_.size() : end + 1;
        } else if (c == '/' && text_.substr(at, 2) == "/*") {
            const auto end = text_.find("*/", at + 2);
            if (end == std::string_view::npos && !is_last_) return cut();
            at = end == std::string_view::npos ? text_.size() : end + 2;
        } else {
            // Half of a comment's beginning may be all that is there.
            return at + 1 < text_.size() || is_last_ || (c != '-' && c != '/') ? true : cut();
        }
    }
    return is_last_ ? false : cut();
}

bool SqlCursor::take(char c) {
    if (!skip_space()) return expect_more();
    if (text_[at] != c) return fault(format("'{}' is expected here", c));
    ++at;
    return true;
}

bool SqlCursor::take_quoted(char quote, std::string& into) {
    into.clear();
    std::size_t from = at + 1;
    for (;;) {
        const void* found = from < text_.size() ? std::memchr(text_.data() + from, quote, text_.size() - from) : nullptr;
        if (found == nullptr) return cut();
        const auto end = static_cast<std::size_t>(static_cast<const char*>(found) - text_.data());
        if (end + 1 == text_.size() && !is_last_) return cut();  // another one may follow
        into.append(text_.substr(from, end - from));
        if (end + 1 == text_.size() || text_[end + 1] != quote || quote == ']') {
            at = end + 1;
            return true;
        }
        into += quote;
        from = end + 2;
    }
}

bool SqlCursor::take_name(std::string& name, bool& is_quoted) {
    if (!skip_space()) return expect_more();
    const char c = text_[at];
    is_quoted = c == '"' || c == '`' || c == '[' || c == '\'';
    if (is_quoted) return take_quoted(c == '[' ? ']' : c, name);
    std::size_t end = at;
    while (end < text_.size() && (is_letter(text_[end]) || is_digit(text_[end]) || text_[end] == '$')) ++end;
    if (end == text_.size() && !is_last_) return cut();
    if (end == at || is_digit(c)) return fault("a name is expected here");
    name = text_.substr(at, end - at);
    at = end;
    return true;
}

bool SqlCursor::take_word(std::string& word) {
    bool is_quoted = false;
    if (!take_name(word, is_quoted)) return false;
    if (is_quoted) return fault("a word is expected here");
    std::ranges::transform(word, word.begin(), [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c); });
    return true;
}

bool SqlCursor::take_text(Value& value) {
    auto* text = std::get_if<std::string>(&value);
    return take_quoted('\'', text ? *text : value.emplace<std::string>());
}

bool SqlCursor::take_blob(Value& value) {
    const auto end = text_.find('\'', at + 2);
    if (end == std::string_view::npos) return cut();
    const auto digits = text_.substr(at + 2, end - at - 2);
    if (digits.size() % 2 != 0) return fault("a blob has an odd number of digits");
    auto* held = std::get_if<Bytes>(&value);
    Bytes& bytes = held ? *held : value.emplace<Bytes>();
    bytes.resize(digits.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const int high = digit_of(digits[2 * i]), low = digit_of(digits[2 * i + 1]);
        if (high < 0 || low < 0) return fault("a blob has something else than hexadecimal digits");
        bytes[i] = static_cast<std::byte>(high * 16 + low);
    }
    at = end + 1;
    return true;
}

// As SQLite reads them: what is too large for an integer is a real. Reals are rounded as IEEE 754 asks for.
bool SqlCursor::take_number(Value& value) {
    std::size_t end = at;
    const bool is_hexadecimal = text_.substr(at, 2) == "0x" || text_.substr(at, 2) == "0X";
    bool is_real = false;
    for (; end < text_.size(); ++end) {
        const char c = text_[end];
        if (is_hexadecimal ? digit_of(c) >= 0 || end == at + 1 : is_digit(c)) continue;
        const bool is_sign = (c == '+' || c == '-') && end > at && (text_[end - 1] == 'e' || text_[end - 1] == 'E');
        if (is_hexadecimal || (c != '.' && c != 'e' && c != 'E' && !is_sign)) break;
        is_real = true;
    }
    if (end == text_.size() && !is_last_) return cut();
    const auto digits = text_.substr(at, end - at);
    const char* last = digits.data() + digits.size();
    if (is_hexadecimal) {
        std::uint64_t number = 0;
        const auto read = std::from_chars(digits.data() + 2, last, number, 16);
        if (read.ec != std::errc() || read.ptr != last) return fault("this number cannot be read");
        value = static_cast<std::int64_t>(number);
    } else {
        std::int64_t integer = 0;
        const auto read = std::from_chars(digits.data(), last, integer);
        if (!is_real && read.ec == std::errc() && read.ptr == last) {
            value = integer;
        } else {
            double real = 0;
            const auto of_real = std::from_chars(digits.data(), last, real);
            if (of_real.ptr != last || of_real.ec == std::errc::invalid_argument) return fault("this number cannot be read");
            if (of_real.ec == std::errc::result_out_of_range) real = std::strtod(std::string(digits).c_str(), nullptr);  // 0, or infinite
            value = real;
        }
    }
    at = end;
    return true;
}

bool SqlCursor::take_value(Value& value) {
    if (!skip_space()) return expect_more();
    return take_sum(value, 0);
}

// What may follow a term: nearly always a comma or a parenthesis.
bool SqlCursor::take_sum(Value& value, int depth) {
    if (depth > depth_max) return fault("this expression goes too deep");
    if (!take_term(value, depth)) return false;
    while (skip_space() && here() == '|') {
        if (at + 1 == text_.size()) return cut();
        if (text_[at + 1] != '|') return fault("an operator that no dump has");
        at += 2;
        Value more;
        if (!skip_space()) return expect_more();
        if (!take_term(more, depth + 1)) return false;
        if (!std::holds_alternative<std::string>(value) || !std::holds_alternative<std::string>(more)) return fault("|| of something else than texts");
        std::get<std::string>(value) += std::get<std::string>(more);
    }
    return !is_cut;
}

bool SqlCursor::take_term(Value& value, int depth) {
    if (!take_primary(value, depth)) return false;
    while (skip_space() && (here() == '*' || here() == '/')) {
        const bool is_product = here() == '*';
        ++at;
        Value more;
        if (!skip_space()) return expect_more();
        if (!take_primary(more, depth + 1)) return false;
        const bool are_reals = is_number(value) && is_number(more) && (std::holds_alternative<double>(value) || std::holds_alternative<double>(more));
        if (!are_reals || (!is_product && real_of(more) == 0)) return fault("an expression that no dump has");
        value = is_product ? real_of(value) * real_of(more) : real_of(value) / real_of(more);
    }
    return !is_cut;
}

bool SqlCursor::take_primary(Value& value, int depth) {
    const char c = here();
    if (c == '\'') return take_text(value);
    if (is_digit(c) || c == '.') return take_number(value);
    if ((c == 'x' || c == 'X') && at + 1 == text_.size() && !is_last_) return cut();
    if ((c == 'x' || c == 'X') && text_.substr(at + 1, 1) == "'") return take_blob(value);
    if (c == '(') {
        ++at;
        if (!skip_space()) return expect_more();
        return take_sum(value, depth + 1) && take(')');
    }
    if (c == '-' || c == '+') {
        ++at;
        if (depth > depth_max) return fault("this expression goes too deep");
        if (!skip_space()) return expect_more();
        constexpr std::string_view beyond = "9223372036854775808";  // the smallest integer, as it is written
        const bool is_smallest = c == '-' && text_.substr(at).starts_with(beyond) && at + beyond.size() < text_.size() && !is_digit(text_[at + beyond.size()]) && text_[at + beyond.size()] != '.' &&
                                 text_[at + beyond.size()] != 'e' && text_[at + beyond.size()] != 'E';
        if (is_smallest) {
            at += beyond.size();
            value = std::numeric_limits<std::int64_t>::min();
            return true;
        }
        if (!take_primary(value, depth + 1)) return false;
        if (!is_number(value)) return fault("a sign before something that is no number");
        if (c == '+') return true;
        const auto* integer = std::get_if<std::int64_t>(&value);
        if (integer && *integer == std::numeric_limits<std::int64_t>::min()) value = 9223372036854775808.0;
        else if (integer) value = -*integer;
        else value = -std::get<double>(value);
        return true;
    }
    std::string word;
    const std::size_t before = at;
    if (!take_word(word)) return false;
    const auto becomes = [&](Value one) {
        value = std::move(one);
        return true;
    };
    if (word == "NULL") return becomes(std::monostate());
    if (word == "TRUE") return becomes(std::int64_t{1});
    if (word == "FALSE") return becomes(std::int64_t{0});
    if (word == "INF" || word == "INFINITY") return becomes(std::numeric_limits<double>::infinity());  // as Python prints them
    if (word == "NAN") return becomes(std::monostate());                                               // what SQLite makes of it
    if (word == "CAST") return take_cast(value, depth + 1);
    if (word == "REPLACE" || word == "CHAR" || word == "UNISTR") return take_call(word, value, depth + 1);
    at = before;
    return fault(format("{} is no value", printable(word)));
}

bool SqlCursor::take_cast(Value& value, int depth) {
    std::string as, type;
    if (!take('(') || !skip_space() || !take_sum(value, depth) || !take_word(as) || !take_word(type) || !take(')')) return wrong.empty() ? expect_more() : false;
    if (as != "AS") return fault("a CAST without AS");
    if (type == "TEXT" && std::holds_alternative<Bytes>(value)) {
        CastText text{std::string(text_of(std::get<Bytes>(value)))};
        value = std::move(text);
        return true;
    }
    if (type == "BLOB" && std::holds_alternative<std::string>(value)) {
        const std::string text = std::get<std::string>(std::move(value));
        const auto bytes = bytes_of(text);
        value = Bytes(bytes.begin(), bytes.end());
        return true;
    }
    if (type != "REAL" || !is_number(value)) return fault("a CAST that no dump has");
    value = real_of(value);
    return true;
}

bool SqlCursor::take_call(const std::string& word, Value& value, int depth) {
    if (depth > depth_max) return fault("this expression goes too deep");
    if (!take('(')) return false;
    std::vector<Value> arguments;
    do {
        if (!arguments.empty()) ++at;
        if (!skip_space()) return expect_more();
        if (!take_sum(arguments.emplace_back(), depth)) return false;
        if (!skip_space()) return expect_more();
    } while (here() == ',');
    if (!take(')')) return false;
    const bool are_texts = std::ranges::all_of(arguments, [](const Value& one) { return std::holds_alternative<std::string>(one); });
    if (word == "REPLACE" && are_texts && arguments.size() == 3) {
        value = with_all_replaced(std::get<std::string>(arguments[0]), std::get<std::string>(arguments[1]), std::get<std::string>(arguments[2]));
        return true;
    }
    std::string out;
    if (word == "UNISTR" && are_texts && arguments.size() == 1) {
        if (!unescape(std::get<std::string>(arguments[0]), out)) return fault("unistr() of a text with a wrong escape");
        value = std::move(out);
        return true;
    }
    constexpr std::int64_t last_character = 0x10ffff;
    for (const auto& one : arguments) {
        const auto* c = std::get_if<std::int64_t>(&one);
        if (word != "CHAR" || !c || *c < 0 || *c > last_character) return fault(format("{}() with arguments that no dump has", word));
        append_utf8(out, static_cast<std::uint32_t>(*c));
    }
    value = std::move(out);
    return true;
}

// As sqlite3_complete() does: in a trigger only "; END ;" ends it.
bool SqlCursor::skip_statement() {
    bool is_trigger = false, is_temporary = false, is_behind_end = false, is_behind_semicolon = false;
    int words = 0;
    std::string name;
    bool is_quoted = false;
    for (;;) {
        if (!skip_space()) return expect_more();
        const char c = here();
        if (c == ';') {
            ++at;
            if (!is_trigger || is_behind_end) return true;
            is_behind_semicolon = true;
            continue;
        }
        if (is_letter(c) || c == '"' || c == '\'' || c == '`' || c == '[') {
            if (!take_name(name, is_quoted)) return false;
            std::ranges::transform(name, name.begin(), [](char one) { return static_cast<char>(one >= 'a' && one <= 'z' ? one - 'a' + 'A' : one); });
            ++words;
            is_trigger = is_trigger || (!is_quoted && name == "TRIGGER" && (words == 2 || (words == 3 && is_temporary)));
            is_temporary = words == 2 && (name == "TEMP" || name == "TEMPORARY");
            is_behind_end = is_behind_semicolon && !is_quoted && name == "END";
        } else {
            ++at;
            is_behind_end = false;
        }
        is_behind_semicolon = false;
    }
}

}  // namespace holdfast::dump

#include "holdfast/bundle/redact.h"

#include <algorithm>
#include <array>
#include <optional>

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/secret_signs.h"

namespace holdfast::bundle {

namespace {

// KEY, a sign, and a value: `start` … `end` with its quotes, `value` without them.
struct Assignment {
    std::string_view key, value;
    std::size_t start = 0, value_at = 0, end = 0;
    bool is_whole_line = false;  // nothing stands before the key, which has no quotes: the value goes to the line's end
    bool is_open = false;        // its quotes do not close in this line
};

struct KeyFound {
    std::string_view key;
    bool is_first = false;
};
// The key that ends before `at`, where a sign of assignment stands: KEY, "key", 'key', \"key\".
KeyFound key_before(std::string_view line, std::size_t at) {
    std::size_t end = at;
    while (end > 0 && is_space(line[end - 1])) --end;
    const bool quoted = end > 0 && is_quote(line[end - 1]);
    if (quoted) --end;
    if (end > 0 && line[end - 1] == '\\') --end;
    std::size_t start = end;
    while (start > 0 && belongs_to_key(line[start - 1])) --start;
    auto before = trim(line.substr(0, start));
    if (before == "export" || before == "set") before = {};
    return {.key = line.substr(start, end - start), .is_first = before.empty() && !quoted};
}

// Where the quotes that open there close; npos: not in this line.
std::size_t closing_quote(std::string_view line, std::size_t open) {
    for (std::size_t at = open + 1; at < line.size(); ++at) {
        if (line[at] == '\\') {
            ++at;
        } else if (line[at] == line[open]) {
            return at;
        }
    }
    return std::string_view::npos;
}

// Within a line a bare value ends where the next may begin: NAME=a NAME=b, {a: b, c: d}, ?a=b&c=d.
std::size_t end_of_bare(std::string_view line, std::size_t start, char sign) {
    const auto ends = [&](char c) { return c == ',' || c == ';' || c == '}' || c == '&' || is_quote(c) || (is_space(c) && sign != ':'); };
    std::size_t end = start;
    while (end < line.size() && !ends(line[end])) ++end;
    while (end > start && is_space(line[end - 1])) --end;
    return end;
}

Assignment assignment_at(std::string_view line, std::size_t sign) {
    Assignment found;
    const auto key = key_before(line, sign);
    found.key = key.key;
    found.is_whole_line = key.is_first;
    found.start = sign + 1;
    while (found.start < line.size() && is_space(line[found.start])) ++found.start;
    found.value_at = found.start;
    if (line.substr(found.start).starts_with("\\\"")) {  // JSON in a string
        found.value_at += 2;
        found.end = std::min(line.find("\\\"", found.value_at), line.size());
    } else if (found.start < line.size() && is_quote(line[found.start])) {
        ++found.value_at;
        const auto close = closing_quote(line, found.start);
        found.is_open = close == std::string_view::npos;
        found.end = std::min(close, line.size());
    } else if (found.is_whole_line) {
        found.end = line.size();
        while (found.end > found.start && is_space(line[found.end - 1])) --found.end;
    } else {
        found.end = end_of_bare(line, found.start, line[sign]);
    }
    found.value = line.substr(found.value_at, found.end - found.value_at);
    return found;
}

// --password VALUE
bool is_flag(std::string_view line, std::size_t space) {
    if (line[space] != ' ') return false;
    const auto key = key_before(line, space).key;
    return key.starts_with("--") && space > 0 && belongs_to_key(line[space - 1]);
}

// What a list or a table in brackets leaves open at the end of a text that begins with its bracket, or within it.
struct Brackets {
    int depth = 0;
    std::size_t end = std::string_view::npos;  // behind the bracket that closes it; npos: not in this text
};
Brackets brackets_in(std::string_view text, int depth) {
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '"' || c == '\'') {
            const auto close = closing_quote(text, at);
            if (close != std::string_view::npos) at = close;
        } else if (c == '[' || c == '{' || c == '(') {
            ++depth;
        } else if ((c == ']' || c == '}' || c == ')') && --depth == 0) {
            return {.depth = 0, .end = at + 1};
        }
    }
    return {.depth = depth, .end = std::string_view::npos};
}

// "name": "DB_PASSWORD", "value": ...: what names a secret that stands beside it.
bool names_another(std::string_view line, std::size_t sign) {
    constexpr std::array<std::string_view, 5> naming = {"name", "key", "id", "variable", "var"};
    constexpr std::size_t name_size_max = 1000;
    return is_among(in_small_letters(key_before(line, sign).key), naming) && is_secret_name(assignment_at(line.substr(0, sign + name_size_max), sign).value);
}
bool is_value_of_another(std::string_view key) {
    constexpr std::array<std::string_view, 4> values = {"value", "content", "default", "text"};
    return is_among(in_small_letters(key), values);
}

class Redaction {
public:
    RedactedText run(std::string_view text) {
        while (!text.empty()) {
            const auto end = text.find('\n');
            const auto line = text.substr(0, end);
            ++line_;
            take(line);
            if (end == std::string_view::npos) break;
            result_.text += '\n';
            text.remove_prefix(end + 1);
        }
        return std::move(result_);
    }

private:
    void take(std::string_view line) {
        if (is_in_private_key_) {
            is_in_private_key_ = line.find("-----END") == std::string_view::npos;
            return;
        }
        if (!closing_.empty()) return skip_to_closing(line);
        if (depth_ > 0) return skip_brackets(line);
        if (is_block_open_ && has_settings(line)) block_indent_.reset();
        if (block_indent_ && is_deeper(line)) return take_block_line(line);
        block_indent_.reset();
        if (const auto name = trim(line); is_section(name)) is_secret_section_ = is_secret_name(name);
        const auto begin = line.find("-----BEGIN");
        if (begin != std::string_view::npos && line.find("PRIVATE KEY", begin) != std::string_view::npos) return take_private_key(line, begin);
        take_values(line);
    }

    void take_private_key(std::string_view line, std::size_t begin) {
        const auto end = line.find("-----END", begin);
        is_in_private_key_ = end == std::string_view::npos;
        result_.text += line.substr(0, begin);
        result_.text += in_its_place;
        if (!is_in_private_key_) {
            const auto close = line.find("-----", end + 8);
            if (close != std::string_view::npos) result_.text += line.substr(close + 5);
        }
        note("", SecretSign::private_key);
    }

    void skip_to_closing(std::string_view line) {
        const auto at = line.find(closing_);
        if (at == std::string_view::npos) return;
        result_.text += line.substr(at);
        closing_.clear();
    }

    void skip_brackets(std::string_view line) {
        const auto brackets = brackets_in(line, depth_);
        depth_ = brackets.depth;
        if (brackets.end != std::string_view::npos) take_values(line.substr(brackets.end));
    }

    // The lines below "credentials:" are as deep as a list's, or deeper.
    bool is_deeper(std::string_view line) const {
        const auto indent = line.find_first_not_of(" \t\r");
        return indent == std::string_view::npos || indent > *block_indent_ || (may_be_list_ && indent == *block_indent_ && line.substr(indent).starts_with("- "));
    }
    // auth: and session: hold settings as well, which are taken by their own names.
    bool has_settings(std::string_view line) const {
        const auto text = trim(line);
        return may_be_settings(block_key_) && !text.starts_with('-') && (text.contains(": ") || text.ends_with(':'));
    }
    void take_block_line(std::string_view line) {
        if (!is_block_open_ || trim(line).empty()) return;
        is_block_open_ = false;
        if (trim(line) == in_its_place) {
            result_.text += line;
            return;
        }
        result_.text += line.substr(0, line.find_first_not_of(" \t"));
        result_.text += in_its_place;
        note(block_key_, SecretSign::key_name);
    }

    void take_values(std::string_view line) {
        std::string kept;
        std::size_t done = 0;
        if (named_for_lines_ > 0) --named_for_lines_;
        for (std::size_t at = 0; at < line.size(); ++at) {
            if (at < done || (line[at] != '=' && line[at] != ':' && !is_flag(line, at)) || line.substr(at).starts_with("://")) continue;
            const auto key = key_before(line, at).key;
            if (names_another(line, at)) named_for_lines_ = 2;
            const bool is_beside_name = named_for_lines_ > 0 && is_value_of_another(key);
            if (!is_secret_name(key) && !is_beside_name && !(is_secret_section_ && !key.empty())) continue;
            const auto found = assignment_at(line, at);
            const std::string_view rest = line.substr(found.start);
            if (!rest.empty() && (rest[0] == '[' || rest[0] == '{' || rest[0] == '(') && !rest.starts_with(in_its_place)) {
                const auto brackets = brackets_in(rest, 0);
                kept += line.substr(done, found.start - done);
                kept += format("\"{}\"", in_its_place);
                depth_ = brackets.depth;
                done = brackets.end == std::string_view::npos ? line.size() : found.start + brackets.end;
                note(found.key, SecretSign::key_name);
                continue;
            }
            const bool goes_on = begins_block(line, found);
            if (!goes_on && is_harmless_value(found.value)) continue;
            kept += line.substr(done, (goes_on ? found.start : found.value_at) - done);
            if (goes_on) kept += closing_;
            kept += in_its_place;
            done = goes_on ? line.size() : found.end;
            note(found.key, SecretSign::key_name);
        }
        kept += line.substr(done);
        result_.text += without_random_words(without_passwords(without_told(without_elements(std::move(kept)))));
    }

    // """ and ''' of TOML, | and > of YAML, quotes that stay open: the rest of the value is in the lines below.
    bool begins_block(std::string_view line, const Assignment& found) {
        const auto rest = line.substr(found.start);
        for (const std::string_view quotes : {"\"\"\"", "'''"}) {
            if (!rest.starts_with(quotes)) continue;
            if (rest.find(quotes, quotes.size()) == std::string_view::npos) closing_ = quotes;
            return true;
        }
        if (found.is_whole_line && found.is_open) closing_ = rest.substr(0, 1);
        constexpr std::array<std::string_view, 6> block_signs = {"|", ">", "|-", ">-", "|+", ">+"};
        const bool is_block = is_among(found.value, block_signs);
        is_block_open_ = found.is_whole_line && rest.empty() && line.ends_with(':');
        may_be_list_ = is_block_open_;
        if (is_block || is_block_open_) block_indent_ = line.find_first_not_of(" \t-");
        block_key_ = found.key;
        return is_block || !closing_.empty();
    }

    // <password>SECRET</password>
    std::string without_elements(std::string line) {
        for (std::size_t at = line.find('<'); at != std::string::npos; at = line.find('<', at + 1)) {
            std::size_t end = at + 1;
            while (end < line.size() && (belongs_to_key(line[end]) || line[end] == ':')) ++end;
            const auto close = line.find('>', end);
            if (close == std::string::npos) break;
            if (line[close - 1] == '/' || !is_secret_name(std::string_view(line).substr(at + 1, end - at - 1))) continue;
            const auto next = std::min(line.find('<', close), line.size());
            if (is_harmless_value(std::string_view(line).substr(close + 1, next - close - 1))) continue;
            note(std::string_view(line).substr(at + 1, end - at - 1), SecretSign::key_name);
            line.replace(close + 1, next - close - 1, in_its_place);
        }
        return line;
    }

    // "the password is SECRET", "with password 'SECRET'"
    std::string without_told(std::string line) {
        constexpr std::array<std::string_view, 24> no_secrets = {"not", "required", "invalid", "missing", "empty", "wrong", "expired", "set", "unset", "needed", "ok", "valid",
                                                                 "too", "a", "an", "the", "being", "now", "null", "correct", "incorrect", "removed", "unknown", "no"};
        for (std::size_t at = line.find(' '); at != std::string::npos; at = line.find(' ', at + 1)) {
            const auto word = key_before(line, at).key;
            if (word.empty() || !belongs_to_key(line[at - 1]) || !is_secret_name(word)) continue;
            const auto rest = std::string_view(line).substr(at + 1);
            const std::size_t start = at + 1 + (rest.starts_with("is ") ? 3 : rest.starts_with("was ") ? 4 : 0);
            const bool is_quoted = start < line.size() && is_quote(line[start]);
            if (start == at + 1 && !is_quoted) continue;
            const auto end = is_quoted ? std::min(closing_quote(line, start), line.size()) : std::min(line.find_first_of(" ,;", start), line.size());
            const std::size_t from = start + (is_quoted ? 1 : 0);
            const std::string told = in_small_letters(std::string_view(line).substr(from, end - from));
            if (is_among(told, no_secrets) || is_harmless_value(told)) continue;
            note(word, SecretSign::key_name);
            line.replace(from, end - from, in_its_place);
        }
        return line;
    }

    // scheme://user:PASSWORD@host
    std::string without_passwords(std::string_view line) {
        constexpr std::size_t user_size_max = 4096;
        std::string kept;
        std::size_t done = 0, end = 0;
        for (std::size_t at = line.find("://"); at != std::string_view::npos; at = line.find("://", at + 3)) {
            if (at >= end) end = std::min(line.find_first_of(" \t\"'`<>", at), line.size());
            const auto address = line.substr(at + 3, std::min(end - std::min(end, at + 3), user_size_max));
            const auto path = address.find('/');
            const auto host = address.substr(0, path == 0 ? std::string_view::npos : path).rfind('@');
            const auto colon = address.find(':');
            if (host == std::string_view::npos || colon >= host || host == colon + 1) continue;
            const auto from = at + 3 + colon + 1, to = at + 3 + host;
            if (from < done || line.substr(from, to - from) == in_its_place) continue;
            kept += line.substr(done, from - done);
            kept += in_its_place;
            done = to;
            note("", SecretSign::url);
        }
        kept += line.substr(done);
        return kept;
    }

    std::string without_random_words(std::string line) {
        const auto belongs = [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '/' || c == '_' || c == '-' || c == '='; };
        std::string kept;
        for (std::size_t at = 0; at < line.size();) {
            std::size_t end = at;
            while (end < line.size() && belongs(line[end])) ++end;
            const std::string_view word = std::string_view(line).substr(at, end - at);
            const auto equals = word.find('=');
            const auto value = equals == std::string_view::npos || equals + 2 >= word.size() ? word : word.substr(equals + 1);
            kept += word.substr(0, word.size() - value.size());
            kept += without_random_parts(value, value.size() < word.size() ? word.substr(0, equals) : std::string_view());
            if (end < line.size()) kept += line[end];
            at = end + 1;
        }
        return kept;
    }

    // Base64 may have slashes, and an address may have a secret for a folder.
    std::string without_random_parts(std::string_view value, std::string_view key) {
        if (looks_random(value)) {
            note(key, SecretSign::look);
            return std::string(in_its_place);
        }
        std::string kept;
        for (std::size_t at = 0;;) {
            const auto end = std::min(value.find('/', at), value.size());
            const auto part = value.substr(at, end - at);
            const bool is_random = looks_random(part);
            if (is_random) note(key, SecretSign::look);
            kept += is_random ? in_its_place : part;
            if (end == value.size()) break;
            kept += '/';
            at = end + 1;
        }
        return kept;
    }

    void note(std::string_view key, SecretSign sign) { result_.removed.push_back({.line = line_, .key = std::string(key), .sign = sign}); }

    RedactedText result_;
    std::uint64_t line_ = 0;
    bool is_in_private_key_ = false;
    std::string closing_;                      // of a value over several lines
    std::optional<std::size_t> block_indent_;  // of the key whose value is the deeper lines that follow
    std::string block_key_;
    bool is_block_open_ = false;               // nothing of that value has been seen yet
    bool may_be_list_ = false;                 // it may be the lines that begin with "- " and are no deeper
    int depth_ = 0;                            // of the brackets of a value over several lines
    int named_for_lines_ = 0;                  // a name of a secret has just been seen: its value stands beside it, or below
    bool is_secret_section_ = false;           // [credentials] of TOML and INI
};

}  // namespace

std::string_view name_of(SecretSign sign) {
    switch (sign) {
        case SecretSign::key_name: return "key name";
        case SecretSign::url: return "address";
        case SecretSign::look: return "random look";
        case SecretSign::private_key: break;
    }
    return "private key";
}

RedactedText redact(std::string_view text) { return Redaction().run(text); }

}  // namespace holdfast::bundle

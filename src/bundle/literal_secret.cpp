#include "holdfast/bundle/literal_secret.h"

#include <algorithm>
#include <array>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/secret_signs.h"

namespace holdfast::bundle {

namespace {

using Found = std::optional<std::string>;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_quoting(char c) { return c == '"' || c == '\'' || c == '\\'; }
bool is_token_part(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; }

bool begins_with_any(std::string_view text, auto& beginnings) {
    return std::ranges::any_of(beginnings, [&](std::string_view beginning) { return text.starts_with(beginning); });
}

// How keys of well-known services begin, and how many characters follow at least.
struct Shape {
    std::string_view beginning;
    std::size_t rest_min = 0;
};
constexpr std::array<Shape, 36> shapes = {{{"ghp_", 16},      {"gho_", 16},      {"ghu_", 16},     {"ghs_", 16},     {"ghr_", 16},     {"github_pat_", 16}, {"glpat-", 16},
                                           {"sk-proj-", 16},  {"sk-ant-", 16},   {"sk_live_", 10}, {"sk_test_", 10}, {"rk_live_", 10}, {"rk_test_", 10},    {"whsec_", 16},
                                           {"xoxb-", 10},     {"xoxp-", 10},     {"xoxa-", 10},    {"xoxs-", 10},    {"xoxr-", 10},    {"xapp-", 10},       {"AKIA", 16},
                                           {"ASIA", 16},      {"AIza", 30},      {"ya29", 16},     {"npm_", 30},     {"hf_", 25},      {"shpat_", 16},      {"dop_v1_", 32},
                                           {"pypi-AgE", 16},  {"hvs.", 20},      {"hvb.", 20},     {"lin_api_", 16}, {"SG.", 30},      {"dckr_pat_", 16},   {"AGE-SECRET-KEY-1", 30},
                                           {"sk-", 16}}};

// AKIAIOSFODNN7EXAMPLE is one, a service called sk-tools-for-databases is none.
bool has_shape(std::string_view word, const Shape& shape) {
    if (!word.starts_with(shape.beginning) || word.size() < shape.beginning.size() + shape.rest_min) return false;
    const auto rest = word.substr(shape.beginning.size());
    if (shape.beginning == "AKIA" || shape.beginning == "ASIA") return std::ranges::all_of(rest, [](char c) { return is_capital(c) || is_digit(c); });
    if (shape.beginning != "sk-") return true;
    return std::ranges::any_of(rest, is_digit) || rest.find('-') == std::string_view::npos;
}

bool is_web_token(std::string_view word) {
    const auto dot = word.find('.');
    return word.starts_with("eyJ") && word.size() >= 16 && dot != std::string_view::npos && dot >= 8 && word.size() > dot + 4;
}

Found key_of_known_shape(std::string_view text) {
    if (const auto begin = text.find("-----BEGIN"); begin != std::string_view::npos && text.find("PRIVATE KEY", begin) != std::string_view::npos) return "a private key";
    for (const std::string_view address : {"hooks.slack.com/services/", "discord.com/api/webhooks/", "discordapp.com/api/webhooks/", "api.telegram.org/bot"}) {
        const auto at = text.find(address);
        const std::size_t rest = at + address.size();
        if (at != std::string_view::npos && rest < text.size() && (is_letter(text[rest]) || is_digit(text[rest]))) return "an address that is a secret itself";
    }
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = at;
        while (end < text.size() && (is_token_part(text[end]) || text[end] == '.')) ++end;
        const auto word = text.substr(at, end - at);
        if (is_web_token(word) || std::ranges::any_of(shapes, [&](const Shape& shape) { return has_shape(word, shape); })) return "a key of a known shape";
        at = end + 1;
    }
    return std::nullopt;
}

// The word that begins there, behind the quotes that open it; it ends where the next thing may begin.
std::string_view literal_at(std::string_view text, std::size_t at) {
    while (at < text.size() && is_quoting(text[at])) ++at;
    const auto ends = [](char c) { return is_blank(c) || is_quoting(c) || c == ',' || c == ';' || c == '&' || c == '|' || c == ')' || c == '}' || c == '<' || c == '>'; };
    std::size_t end = at;
    if (at < text.size() && text[at] == '<') return text.substr(at, 1);
    while (end < text.size() && !ends(text[end])) ++end;
    return text.substr(at, end - at);
}

// $NAME, ${NAME}, $(command): somewhere in it; a price is none.
bool names_a_variable(std::string_view word) {
    for (auto at = word.find('$'); at != std::string_view::npos; at = word.find('$', at + 1)) {
        if (at + 1 == word.size()) return at == 0;
        const char next = word[at + 1];
        if (next == '{' || next == '(' || is_capital(next) || (at == 0 && (is_letter(next) || is_digit(next) || next == '_'))) return true;
    }
    return false;
}

// A value that says where to find the secret, or that there is none.
bool is_reference(std::string_view word) {
    constexpr std::array<std::string_view, 13> beginnings = {"`", "@", "<", "{", "%", "*", "[", "/", "~/", "./", "../", "-", "..."};
    constexpr std::array<std::string_view, 10> schemes = {"env:", "file:", "fd:", "op://", "vault:", "ref+", "arn:", "keyring:", "cmd:", "stdin"};
    constexpr std::array<std::string_view, 12> none = {"", "true", "false", "null", "none", "yes", "no", "required", "optional", "prompt", "ask", "="};
    return begins_with_any(word, beginnings) || begins_with_any(word, schemes) || is_among(in_small_letters(word), none) || names_a_variable(word);
}

// secret-id, token_url, --password-stdin: the names of what is about a secret.
bool is_name_of_one(std::string_view key) {
    constexpr std::array<std::string_view, 25> about = {"id",   "ids",  "name",     "names",  "env",     "var",   "variable", "stdin", "from", "url",    "uri",  "endpoint", "prompt",
                                                        "type", "kind", "provider", "version", "store", "manager", "fd",       "arn",   "mode", "policy", "hint", "age"};
    const auto small = in_small_letters(key);
    return is_secret_name(key) && !is_among(std::string_view(small).substr(small.find_last_of("_-.") + 1), about);
}

// Names that stand for many things: --auth basic, cookie=session. Only a mixture of letters and digits is a secret there.
bool is_vague(std::string_view key) {
    constexpr std::array<std::string_view, 10> vague = {"auth", "cookie", "cookies", "dsn", "pin", "salt", "webhook", "sas", "otp", "tokens"};
    const auto small = in_small_letters(key);
    return is_among(std::string_view(small).substr(small.find_last_of("_-.") + 1), vague);
}

bool is_mixed(std::string_view word) {
    constexpr std::size_t length_min = 8;
    return word.size() >= length_min && std::ranges::any_of(word, is_digit) && std::ranges::any_of(word, is_letter);
}

// Names that only in the query of an address are those of secrets: ?sig=..., &key=...
bool is_secret_parameter(std::string_view text, std::size_t start, std::string_view key) {
    constexpr std::array<std::string_view, 6> parameters = {"key", "sig", "signature", "code", "hexkey", "textkey"};
    return start > 0 && (text[start - 1] == '?' || text[start - 1] == '&') && text[start + key.size()] == '=' && is_among(in_small_letters(key), parameters);
}

// The name that ends where a sign of assignment stands: NAME=, "name": and \"name\":
struct NameBefore {
    std::string_view name;
    std::size_t start = 0;
    bool is_quoted = false;
};
NameBefore name_before(std::string_view text, std::size_t sign) {
    std::size_t end = sign;
    while (end > 0 && is_blank(text[end - 1])) --end;
    const bool is_quoted = end > 0 && is_quoting(text[end - 1]);
    while (end > 0 && is_quoting(text[end - 1])) --end;
    std::size_t start = end;
    while (start > 0 && belongs_to_key(text[start - 1])) --start;
    return {.name = text.substr(start, end - start), .start = start, .is_quoted = is_quoted};
}

class Search {
public:
    explicit Search(std::string_view text) : text_(text) {}

    Found run() const {
        if (auto found = in_addresses()) return found;
        for (std::size_t at = 0; at < text_.size(); ++at) {
            Found found;
            if (text_[at] == '=' || text_[at] == ':') found = behind_sign(at);
            else if (is_blank(text_[at])) found = behind_flag(at);
            if (found) return found;
        }
        if (auto found = behind_scheme()) return found;
        if (auto found = in_front_of_host()) return found;
        return behind_short_flag();
    }

private:
    static Found value_of(std::string_view name) { return format("the value of {}", printable(name.substr(0, 60))); }

    // scheme://user:PASSWORD@host
    Found in_addresses() const {
        for (auto at = text_.find("://"); at != std::string_view::npos; at = text_.find("://", at + 3)) {
            const auto authority = text_.substr(at + 3, text_.find_first_of("/ ?#\"'\n", at + 3) - (at + 3));
            const auto host = authority.rfind('@');
            const auto colon = authority.find(':');
            if (host == std::string_view::npos || colon == std::string_view::npos || colon + 1 >= host) continue;
            if (!is_reference(authority.substr(colon + 1, host - colon - 1))) return "the password in an address";
        }
        return std::nullopt;
    }

    Found behind_sign(std::size_t sign) const {
        const auto before = name_before(text_, sign);
        if (before.name.empty() || text_.substr(sign).starts_with("://") || text_.substr(sign).starts_with("==")) return std::nullopt;
        if (before.start > 0 && text_[before.start - 1] == '$') return std::nullopt;  // compared: [ "$TOKEN" = x ]
        std::size_t at = sign + 1;
        if (before.start > 1 && text_.substr(before.start - 2, 2) == "${") return is_name_of_one(before.name) ? as_default(before.name, at) : std::nullopt;
        const bool is_parameter = is_secret_parameter(text_, before.start, before.name);
        if (!is_parameter && (!is_name_of_one(before.name) || names_one_elsewhere(before.name))) return std::nullopt;
        while (at < text_.size() && is_blank(text_[at])) ++at;
        const bool is_apart = at > sign + 1;
        if (in_small_letters(before.name).ends_with("authorization")) at = behind_word(at);
        const auto literal = literal_at(text_, at);
        if (is_reference(literal) || (is_vague(before.name) && !is_mixed(literal))) return std::nullopt;
        if (is_apart && !before.is_quoted && is_prose(at)) return std::nullopt;
        return value_of(before.name);
    }
    // ${NAME:-default}: the default is written out.
    Found as_default(std::string_view name, std::size_t at) const {
        if (at < text_.size() && text_[at - 1] == ':') {
            if (text_[at] != '-' && text_[at] != '=') return std::nullopt;
            ++at;
        }
        return is_reference(literal_at(text_, at)) ? std::nullopt : Found(format("the default of {}", printable(name)));
    }
    // Authorization: Bearer VALUE
    std::size_t behind_word(std::size_t at) const {
        constexpr std::array<std::string_view, 7> schemes = {"bearer", "basic", "token", "digest", "apikey", "negotiate", "key"};
        const auto word = literal_at(text_, at);
        if (!is_among(in_small_letters(word), schemes)) return at;
        at = text_.find(word, at) + word.size();
        while (at < text_.size() && is_blank(text_[at])) ++at;
        return at;
    }
    // "no password: run the setup": words that go on are no secret.
    bool is_prose(std::size_t at) const {
        const auto word = literal_at(text_, at);
        const std::size_t end = static_cast<std::size_t>(word.data() - text_.data()) + word.size();
        if (std::ranges::any_of(word, is_digit) || is_quoting(text_[at]) || end + 1 >= text_.size()) return false;
        return text_[end] == ' ' && is_letter(text_[end + 1]);
    }
    // To these programs --secret is the name under which they keep one.
    bool names_one_elsewhere(std::string_view name) const {
        const std::string_view bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
        if (bare != "secret") return false;
        return std::ranges::any_of(std::array<std::string_view, 6>{"gcloud ", "docker ", "podman ", "buildah ", "kubectl ", "nomad "},
                                   [&](std::string_view program) { return text_.find(program) != std::string_view::npos; });
    }

    // --password VALUE
    Found behind_flag(std::size_t space) const {
        if (space == 0 || !belongs_to_key(text_[space - 1])) return std::nullopt;
        const auto name = name_before(text_, space).name;
        const std::string_view bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
        if (!name.starts_with('-') || bare.size() < 3 || !is_name_of_one(bare) || names_one_elsewhere(name)) return std::nullopt;
        std::size_t at = space;
        while (at < text_.size() && is_blank(text_[at])) ++at;
        const auto literal = literal_at(text_, at);
        if (is_reference(literal) || (is_vague(bare) && !is_mixed(literal))) return std::nullopt;
        return value_of(name);
    }

    // Bearer VALUE
    Found behind_scheme() const {
        constexpr std::size_t length_min = 4;
        const auto small = in_small_letters(text_);
        for (auto at = small.find("bearer "); at != std::string::npos; at = small.find("bearer ", at + 1)) {
            const auto literal = literal_at(text_, text_.find_first_not_of(' ', at + 6) == std::string_view::npos ? text_.size() : text_.find_first_not_of(' ', at + 6));
            const bool is_word = at == 0 || !belongs_to_key(text_[at - 1]);
            if (is_word && literal.size() >= length_min && !is_reference(literal)) return "what stands behind Bearer";
        }
        return std::nullopt;
    }

    // user:PASSWORD@host without a scheme; alpine:3.19@sha256:... is an image.
    Found in_front_of_host() const {
        for (auto sign = text_.find('@'); sign != std::string_view::npos; sign = text_.find('@', sign + 1)) {
            std::size_t start = sign;
            while (start > 0 && !is_blank(text_[start - 1]) && !is_quoting(text_[start - 1]) && text_[start - 1] != '/' && text_[start - 1] != '=') --start;
            const auto word = text_.substr(start, sign - start);
            const auto colon = word.find(':');
            if (colon == std::string_view::npos || colon == 0 || !std::ranges::all_of(word.substr(0, colon), belongs_to_key)) continue;
            if (word.substr(0, colon) == "mailto") continue;
            const auto host = text_.substr(sign + 1);
            const bool is_host = !host.empty() && (is_letter(host[0]) || is_digit(host[0])) && !host.starts_with("sha256:") && !host.starts_with("sha512:");
            if (is_host && (start == 0 || text_[start - 1] != '/') && !is_reference(word.substr(colon + 1))) return "the password in front of a host";
        }
        return std::nullopt;
    }

    // Programs that take a password behind a letter: mysql -pVALUE, curl -u NAME:VALUE.
    struct ShortFlag {
        std::string_view program, flag;
        bool may_be_apart = true;
        bool has_name = false;
    };
    Found behind_short_flag() const {
        constexpr std::array<ShortFlag, 16> flags = {{{"mysql", "-p", false}, {"mysqldump", "-p", false}, {"mysqladmin", "-p", false}, {"mariadb", "-p", false},
                                                      {"mariadb-dump", "-p", false}, {"7z", "-p", false}, {"sshpass", "-p"}, {"login", "-p"},
                                                      {"redis-cli", "-a"}, {"zip", "-P"}, {"unzip", "-P"}, {"sqlcmd", "-P"},
                                                      {"ldapsearch", "-w"}, {"curl", "-u", true, true}, {"curl", "--user", true, true}, {"curl", "--proxy-user", true, true}}};
        const auto words = words_of_text();
        for (std::size_t at = 0; at < words.size(); ++at) {
            for (const auto& flag : flags) {
                const bool is_its = words[at].starts_with(flag.flag) && has_program(words, at, flag.program);
                if (is_its && is_given(words, at, flag)) return value_of(flag.flag);
            }
        }
        return std::nullopt;
    }
    static bool is_given(const std::vector<std::string_view>& words, std::size_t at, const ShortFlag& flag) {
        auto value = words[at].substr(flag.flag.size());
        if (flag.flag.starts_with("--") && value.starts_with('=')) value.remove_prefix(1);
        if (value.empty() && flag.may_be_apart && at + 1 < words.size()) value = words[at + 1];
        if (flag.has_name) {
            const auto colon = value.find(':');
            value = colon == std::string_view::npos ? std::string_view() : value.substr(colon + 1);
        }
        return !is_reference(literal_at(value, 0));
    }
    static bool has_program(const std::vector<std::string_view>& words, std::size_t at, std::string_view program) {
        while (at-- > 0) {
            if (words[at] == "|" || words[at] == ";" || words[at] == "&") return false;
            if (words[at].substr(words[at].rfind('/') + 1) == program) return true;
        }
        return false;
    }
    // As a shell would part them, but for its finer points; quotes stay, and signs between commands are words.
    std::vector<std::string_view> words_of_text() const {
        std::vector<std::string_view> words;
        for (std::size_t at = 0; at < text_.size();) {
            const auto is_sign = [](char c) { return c == '|' || c == ';' || c == '&' || c == '\n'; };
            std::size_t end = at;
            while (end < text_.size() && !is_blank(text_[end]) && !is_sign(text_[end])) ++end;
            if (end > at) words.push_back(text_.substr(at + (is_quoting(text_[at]) ? 1 : 0), end - at - (is_quoting(text_[at]) ? 1 : 0)));
            if (end < text_.size() && is_sign(text_[end])) words.push_back(std::string_view(";"));
            at = end + 1;
        }
        return words;
    }

    std::string_view text_;
};

// What one echo or printf writes: all of it literal, and something.
bool prints_literal(std::string_view rest) {
    const auto said = rest.substr(0, rest.find_first_of(";|&)\n"));
    if (said.find('$') != std::string_view::npos || said.find('`') != std::string_view::npos) return false;
    if (rest.substr(said.size()).starts_with("&2") || said.find("/dev/stderr") != std::string_view::npos) return false;
    for (std::size_t at = 0; at < said.size();) {
        while (at < said.size() && (is_blank(said[at]) || is_quoting(said[at]))) ++at;
        std::size_t end = at;
        while (end < said.size() && !is_blank(said[end]) && !is_quoting(said[end])) ++end;
        const auto word = said.substr(at, end - at);
        const bool is_form = word.starts_with('-') || word.starts_with('%') || word.starts_with('>') || word.starts_with('n');
        if (!word.empty() && !(is_form && word.size() <= 3)) return true;
        at = end;
    }
    return false;
}

Found printed_by(std::string_view command, std::string_view program) {
    for (auto at = command.find(program); at != std::string_view::npos; at = command.find(program, at + 1)) {
        const std::size_t end = at + program.size();
        const bool is_word = (at == 0 || !belongs_to_key(command[at - 1])) && end < command.size() && (is_blank(command[end]) || program == "<<<" || (program == "print(" && is_quoting(command[end])));
        if (is_word && prints_literal(command.substr(end))) return format("what {} is given", program);
    }
    return std::nullopt;
}

// `echo SECRET`; or in front of a program that reads a password from what it is given.
Found printed_in(std::string_view command, ValueKind kind) {
    constexpr std::array<std::string_view, 6> readers = {"sudo -S", "-stdin", "passphrase-fd", "chpasswd", "--passwd-fd", "pass:stdin"};
    const bool is_read = std::ranges::any_of(readers, [&](std::string_view reader) { return command.find(reader) != std::string_view::npos; });
    if (kind != ValueKind::secret_command && !is_read) return std::nullopt;
    for (const std::string_view program : {"echo", "printf", "print", "<<<", "print("}) {
        if (auto found = printed_by(command, program)) return found;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> literal_secret_in(std::string_view value, ValueKind kind) {
    if (auto found = key_of_known_shape(value)) return found;
    if (kind == ValueKind::query) return std::nullopt;
    if (auto found = printed_in(value, kind)) return found;
    return Search(value).run();
}

}  // namespace holdfast::bundle

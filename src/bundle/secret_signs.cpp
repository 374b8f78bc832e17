#include "holdfast/bundle/secret_signs.h"

#include <cmath>
#include <vector>

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/redact.h"

namespace holdfast::bundle {

namespace {

// accessToken, ACCESS_TOKEN and access-token are the words "access" and "token".
std::vector<std::string> words_of(std::string_view key) {
    std::vector<std::string> words;
    bool is_new = true;
    for (std::size_t at = 0; at < key.size(); ++at) {
        const char c = key[at];
        if (!is_letter(c) && !is_digit(c)) {
            is_new = true;
            continue;
        }
        const bool begins_hump = is_capital(c) && at > 0 && !is_capital(key[at - 1]);
        const bool ends_capitals = is_capital(c) && at > 0 && at + 1 < key.size() && is_capital(key[at - 1]) && is_letter(key[at + 1]) && !is_capital(key[at + 1]);
        if (is_new || begins_hump || ends_capitals) words.emplace_back();
        words.back() += lowered(c);
        is_new = false;
    }
    return words;
}

constexpr std::array<std::string_view, 30> secret_words = {
    "password", "passwords", "passwd", "passwort", "pass", "passcode", "pw", "pwd", "passphrase", "secret", "secrets", "token", "tokens", "apikey", "apikeys",
    "credential", "credentials", "privatekey", "auth", "authorization", "bearer", "cookie", "cookies", "dsn", "jwt", "otp", "pin", "salt", "webhook", "sas"};
// How the keys of well-known services begin, however short they are.
constexpr std::array<std::string_view, 24> secret_beginnings = {"sk_", "sk-", "pk_live_", "rk_live_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-",
                                                                "xoxp-", "xoxa-", "xoxs-", "AKIA", "ASIA", "AIza", "ya29", "eyJ", "npm_", "hf_", "shpat_", "SG."};
// A key is one when it is such a key; a plain "key" names things.
constexpr std::array<std::string_view, 13> kinds_of_keys = {"api",     "access",  "private", "secret", "signing", "encryption", "master",
                                                            "account", "service", "shared",  "auth",   "license", "session"};
// max_tokens, token_limit, password_file: what a name ends or begins with that only talks about a secret.
constexpr std::array<std::string_view, 23> ends_about_secrets = {"file",   "path",    "command", "limit",  "max",   "min",   "count", "length",   "size", "ttl",  "expiry", "expires",
                                                                 "timeout", "budget", "usage",   "total",  "used",  "rate",  "mode",  "provider", "type", "kind", "stdin"};
constexpr std::array<std::string_view, 8> begins_about_secrets = {"limit", "max", "min", "count", "budget", "usage", "total", "used"};

bool is_about_secret(const std::vector<std::string>& words) { return is_among(words.back(), ends_about_secrets) || is_among(words.front(), begins_about_secrets); }

bool has_known_beginning(std::string_view word) {
    return std::ranges::any_of(secret_beginnings, [&](std::string_view beginning) { return word.starts_with(beginning); });
}

bool is_uuid(std::string_view word) {
    if (word.size() != 36) return false;
    for (std::size_t at = 0; at < word.size(); ++at) {
        const bool is_dash = at == 8 || at == 13 || at == 18 || at == 23;
        if (is_dash != (word[at] == '-')) return false;
    }
    return true;
}

// Shannon's entropy of its characters, bits a character.
double entropy(std::string_view word) {
    std::array<int, 256> count{};
    for (const char c : word) ++count[static_cast<unsigned char>(c)];
    double bits = 0;
    for (const int n : count) {
        if (n == 0) continue;
        const double share = static_cast<double>(n) / static_cast<double>(word.size());
        bits -= share * std::log2(share);
    }
    return bits;
}

}  // namespace

bool is_secret_name(std::string_view key) {
    const auto words = words_of(key);
    if (words.empty() || is_about_secret(words)) return false;
    for (std::size_t at = 0; at < words.size(); ++at) {
        if (is_among(words[at], secret_words)) return true;
        if ((words[at] == "key" || words[at] == "keys") && at > 0 && is_among(words[at - 1], kinds_of_keys)) return true;
        if (words[at].ends_with("password") || words[at].ends_with("passwd") || words[at].ends_with("secret") || words[at].ends_with("token")) return true;
    }
    return false;
}

bool looks_random(std::string_view word) {
    constexpr std::size_t length_min = 20, known_length_min = 12;
    while (!word.empty() && word.back() == '=') word.remove_suffix(1);
    if (has_known_beginning(word) && word.size() >= known_length_min && std::ranges::any_of(word, is_digit)) return true;
    if (word.size() < length_min || is_uuid(word)) return false;
    std::size_t digits = 0, letters = 0, hex = 0, changes = 0;
    for (std::size_t at = 0; at < word.size(); ++at) {
        const char c = word[at];
        digits += is_digit(c);
        letters += is_letter(c);
        hex += is_digit(c) || (lowered(c) >= 'a' && lowered(c) <= 'f');
        // Between capitals, small letters and digits: random words change all the time.
        const auto kind = [](char x) { return is_digit(x) ? 0 : is_capital(x) ? 1 : is_letter(x) ? 2 : 3; };
        changes += at > 0 && kind(c) != kind(word[at - 1]) && kind(c) != 3 && kind(word[at - 1]) != 3;
    }
    if (digits == 0 || letters == 0) return false;
    const double bits = entropy(word);
    if (hex == word.size()) return bits >= 2.8;
    return bits >= 3.5 && changes * 4 >= word.size();
}


bool is_harmless_value(std::string_view value) {
    constexpr std::array<std::string_view, 8> harmless = {"", "true", "false", "null", "none", "~", "yes", "no"};
    const std::string low = in_small_letters(trim(value));
    const bool names_a_variable = low.starts_with("${") && low.ends_with("}") && low.find(":-") == std::string::npos && low.find('$', 1) == std::string::npos;
    return is_among(low, harmless) || names_a_variable || low == in_its_place;
}

bool may_be_settings(std::string_view name) {
    constexpr std::array<std::string_view, 4> names = {"auth", "session", "cookie", "cookies"};
    return is_among(in_small_letters(name), names);
}

namespace {

// Words that only end or begin as those of secrets do.
bool is_plain_word(std::string_view word) {
    constexpr std::array<std::string_view, 15> plain = {"monkey", "turkey",   "hockey",    "jockey",  "donkey",    "whiskey",     "hotkey",     "compass",
                                                        "bypass", "trespass", "encompass", "surpass", "secretary", "secretaries", "secretariat"};
    return is_among(word, plain);
}

bool is_foreign_name(std::string_view key) {
    constexpr std::array<std::string_view, 11> names = {"ontraseña", "ONTRASEÑA", "пароль", "Пароль", "ПАРОЛЬ", "hasło", "HASŁO", "lösenord", "密码", "パスワード", "비밀번호"};
    return std::ranges::any_of(names, [&](std::string_view name) { return key.contains(name); });
}

}  // namespace

bool may_name_secret(std::string_view key) {
    constexpr std::array<std::string_view, 28> more_words = {"cred", "creds", "cert", "certificate", "pem", "hmac", "signature", "sig", "seed", "mnemonic", "session", "sessionid", "sid", "totp",
                                                             "mfa", "kennwort", "senha", "geheim", "wachtwoord", "contrasena", "passe", "pat", "csrf", "crypt", "psk", "clave", "heslo", "parola"};
    constexpr std::array<std::string_view, 15> endings = {"auth", "pass", "pw", "pwd", "password", "passwd", "passphrase", "secret", "secrets", "token", "tokens", "apikey", "cred", "creds", "psk"};
    constexpr std::array<std::string_view, 5> beginnings = {"password", "passwd", "passwort", "secret", "pwd"};
    constexpr std::array<std::string_view, 8> open_keys = {"public", "primary", "foreign", "sort", "partition", "hot", "short", "cache"};
    if (is_secret_name(key) || is_foreign_name(key)) return true;
    const auto words = words_of(key);
    if (words.empty() || is_about_secret(words)) return false;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const std::string& word = words[at];
        if (is_among(word, more_words)) return true;
        if (is_plain_word(word)) continue;
        if (std::ranges::any_of(endings, [&](std::string_view ending) { return word.ends_with(ending); })) return true;
        if (std::ranges::any_of(beginnings, [&](std::string_view beginning) { return word.starts_with(beginning); })) return true;
        const bool is_key = word.ends_with("key") || word.ends_with("keys");
        if (is_key && (words.size() > 1 || word.size() > 4) && (at == 0 || !is_among(words[at - 1], open_keys))) return true;
    }
    return false;
}

namespace {

// Digits and what they count: 3000ms, 0x1f; names that have digits: utf8, sha256. hunter2 is neither.
bool is_plain_piece(std::string_view piece) {
    constexpr std::array<std::string_view, 36> plain = {"sha224", "sha256", "sha384",  "sha512",  "base64",  "base32",  "aarch64",  "oauth2",  "oauth1", "ed25519", "aes128", "aes256",
                                                        "sqlite3", "python3", "uint16", "uint32", "uint64", "float16", "float32", "float64", "latin1", "iso8859", "zstd19", "xxh128",
                                                        "bcrypt2", "debian12", "ubuntu22", "ubuntu24", "node18", "node20", "node22", "h264", "h265", "http11", "sha3256", "blake2b"};
    constexpr std::size_t short_max = 5, unit_size_max = 3;
    if (piece.size() <= short_max || is_among(in_small_letters(piece), plain)) return true;
    const auto digits = static_cast<std::size_t>(std::ranges::count_if(piece, is_digit));
    if (digits == 0 || digits == piece.size()) return true;
    const auto unit = piece.find_first_not_of("0123456789");
    return unit > 0 && piece.size() - unit <= unit_size_max && std::ranges::all_of(piece.substr(unit), is_letter);
}

// #ff8800
bool is_colour(std::string_view word) {
    const bool has_size = word.size() == 4 || word.size() == 7 || word.size() == 9;
    return has_size && word.front() == '#' && word.substr(1).find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// aBcDeFgH: between capitals and small letters it changes as no name does.
bool changes_its_case(std::string_view word) {
    constexpr std::size_t length_min = 8;
    std::size_t changes = 0;
    for (std::size_t at = 1; at < word.size(); ++at) changes += is_letter(word[at]) && is_letter(word[at - 1]) && is_capital(word[at]) != is_capital(word[at - 1]);
    return word.size() >= length_min && changes * 2 > word.size();
}

}  // namespace

bool may_be_secret(std::string_view word) {
    constexpr std::size_t length_min = 6, known_length_min = 9;
    constexpr std::string_view behind = ".,;:!?()[]{}\"'`";
    while (!word.empty() && behind.contains(word.back())) word.remove_suffix(1);
    if (word.starts_with("~/")) word.remove_prefix(1);
    if (word.size() < length_min || word == in_its_place) return false;
    if (has_known_beginning(word) && word.size() >= known_length_min) return true;
    if (looks_random(word) || changes_its_case(word)) return true;
    if (is_colour(word)) return false;
    const bool is_variable = word.front() == '$' || word.front() == '%';
    const bool has_letters = std::ranges::any_of(word, is_letter);
    if (!is_variable && has_letters && word.find_first_of("!^~%&#$?") != std::string_view::npos && !word.contains("&&")) return true;
    for (std::size_t at = 0; at <= word.size();) {
        const auto end = std::min(word.find_first_of("-_./@\\~*", at), word.size());
        if (!is_plain_piece(word.substr(at, end - at))) return true;
        at = end + 1;
    }
    return false;
}

}  // namespace holdfast::bundle

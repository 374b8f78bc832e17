#include "holdfast/bundle/secret_words.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/secret_signs.h"
#include "holdfast/bundle/value_end.h"

namespace holdfast::bundle {

namespace {

class Words {
public:
    RedactedText addresses(std::string_view text) {
        return by_lines(text, [this](std::string_view line) { return without_users(line); });
    }
    RedactedText words(std::string_view text) {
        return by_lines(text, [this](std::string_view line) { return without_words(without_last_field(without_access_list(without_arguments(std::string(line))))); });
    }

private:
    RedactedText by_lines(std::string_view text, const auto& without) {
        for (const auto line : lines_of(text)) {
            if (++line_ > 1) result_.text += '\n';
            result_.text += without(line);
        }
        return std::move(result_);
    }

    // scheme://ANYTHING@host/path?ANYTHING
    std::string without_users(std::string_view line) {
        std::string kept;
        for (;;) {
            const auto scheme = line.find("://");
            const auto start = std::min(scheme == std::string_view::npos ? line.size() : scheme + 3, line.size());
            kept += line.substr(0, start);
            if (start == line.size()) return kept;
            line.remove_prefix(start);
            auto address = line.substr(0, line.find_first_of(" \t\r\"'`<>"));
            line.remove_prefix(address.size());
            if (const auto host = address.rfind('@'); host != std::string_view::npos && host > 0) {
                kept += removed(address.substr(0, host), SecretSign::url);
                address.remove_prefix(host);
            }
            const auto path = address.find('/');
            const bool is_secret = path != std::string_view::npos && (address.contains("hook") || address.contains("/bot"));
            if (is_secret) {
                kept += format("{}{}", address.substr(0, path + 1), removed(address.substr(path + 1), SecretSign::url));
                continue;
            }
            const auto asked = address.find('?');
            const bool is_asked = asked != std::string_view::npos && address.substr(asked).contains('=');
            kept += is_asked ? format("{}{}", address.substr(0, asked + 1), removed(address.substr(asked + 1), SecretSign::url)) : std::string(address);
        }
    }

    std::string without_arguments(std::string line) {
        constexpr std::array<std::string_view, 44> programs = {
            "curl",       "wget",   "http",     "mysql",     "mysqldump", "mysqladmin",    "mariadb",       "psql",       "pg_dump", "redis-cli", "mongo",
            "mongosh",    "sshpass", "docker",  "openssl",   "gpg",       "7z",            "zip",           "unzip",      "ftp",     "lftp",      "smbclient",
            "aws",        "az",     "https",    "xh",        "unrar",     "rar",           "ncftp",         "sqlcmd",     "bcp",     "ipmitool",  "snmpget",
            "ldapsearch", "ldapadd", "ldapmodify", "ldapwhoami", "ldappasswd", "mosquitto_pub", "mosquitto_sub", "ssh-keygen", "useradd", "snmpwalk",  "keytool"};
        if (is_command_open_) return without_rest(line, std::min(line.find_first_not_of(" \t"), line.size()));
        for (std::size_t at = 0; at < line.size();) {
            std::size_t end = at;
            while (end < line.size() && belongs_to_key(line[end])) ++end;
            const bool is_program = end > at && end < line.size() && is_among(std::string_view(line).substr(at, end - at), programs);
            for (auto first = is_program ? line.find('-', end) : std::string::npos; first != std::string::npos; first = line.find('-', first + 1)) {
                if (!belongs_to_key(line[first - 1])) return without_rest(line, first);
            }
            if (is_program) {  // nothing of what is left of it is an argument
                is_command_open_ = is_continued(line);
                return line;
            }
            at = std::max(end, at + 1);
        }
        return line;
    }

    std::string without_rest(std::string_view line, std::size_t from) {
        const auto end = without_end(line);
        is_command_open_ = is_continued(end);
        return from >= end.size() ? std::string(line) : format("{}{}{}", line.substr(0, from), removed(end.substr(from), SecretSign::look), line.substr(end.size()));
    }

    // user NAME on >SECRET ~* +@all, of Redis
    std::string without_access_list(std::string line) {
        const auto small = in_small_letters(trim(line));
        if (!small.starts_with("user ") && !small.contains("setuser ")) return line;
        std::string kept;
        for (std::size_t at = 0; at < line.size();) {
            const auto end = std::min(line.find_first_of(" \t\r\"", at), line.size());
            const auto word = std::string_view(line).substr(at, end - at);
            const bool is_password = word.size() > 1 && std::string_view("><#!").contains(word.front());
            kept += is_password ? format("{}{}", word.substr(0, 1), removed(word.substr(1), SecretSign::look)) : std::string(word);
            if (end < line.size()) kept += line[end];
            at = end + 1;
        }
        return kept;
    }

    // host:5432:database:user:SECRET
    std::string without_last_field(std::string line) {
        constexpr int fields = 5;
        const auto text = without_end(line);
        if (text.starts_with('#') || text.find_first_of(" \t/") != std::string_view::npos) return line;
        std::size_t at = 0;
        for (int field = 1; field < fields; ++field) {
            const auto end = text.find(':', at);
            if (end == std::string_view::npos) return line;
            const auto value = text.substr(at, end - at);
            const bool is_port = value == "*" || (!value.empty() && std::ranges::all_of(value, is_digit));
            if (field == 2 && !is_port) return line;
            at = end + 1;
        }
        return line.substr(0, at) + removed(text.substr(at), SecretSign::look) + line.substr(text.size());
    }

    std::string without_words(std::string_view line) {
        constexpr std::string_view between = " \t\r\"'`,;()[]{}<>|=:", around = " \t\r\"'`,;()<>";
        std::string kept;
        for (std::size_t at = 0; at < line.size();) {
            if (at == 0 || around.contains(line[at - 1])) {  // user:SECRET@host
                const auto whole = line.substr(at, line.find_first_of(around, at) - at);
                const auto colon = whole.find(':'), host = whole.rfind('@');
                if (host != std::string_view::npos && colon < host && !whole.contains("://")) {
                    kept += format("{}{}", whole.substr(0, colon + 1), removed(whole.substr(colon + 1, host - colon - 1), SecretSign::url));
                    at += host;
                }
            }
            const auto end = std::min(line.find_first_of(between, at), line.size());
            const auto word = line.substr(at, end - at);
            const char next = end < line.size() ? line[end] : ' ';
            const bool is_name = (next == '=' || next == ':') && std::ranges::all_of(word, belongs_to_key) && !looks_random(word);
            kept += !is_name && may_be_secret(word) ? removed(word, SecretSign::look) : std::string(word);
            if (end < line.size()) kept += line[end];
            at = end + 1;
        }
        return kept;
    }

    std::string removed(std::string_view what, SecretSign sign) {
        if (what.empty() || what == in_its_place) return std::string(what);
        result_.removed.push_back({.line = line_, .key = {}, .sign = sign});
        return std::string(in_its_place);
    }

    RedactedText result_;
    std::uint64_t line_ = 0;
    bool is_command_open_ = false;  // its arguments go on in the next line
};

}  // namespace

RedactedText redact_addresses(std::string_view text) { return Words().addresses(text); }
RedactedText redact_words(std::string_view text) { return Words().words(text); }

}  // namespace holdfast::bundle

#include "holdfast/operations/setting_forms.h"

#include <array>
#include <limits>

#include "holdfast/base/text.h"
#include "holdfast/host/environment.h"
#include "holdfast/host/file_system.h"

namespace holdfast::operations {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t size;
};
constexpr std::array size_units = {
    Unit{"TiB", 1ull << 40}, Unit{"GiB", 1ull << 30}, Unit{"MiB", 1ull << 20}, Unit{"KiB", 1ull << 10},
    Unit{"TB", 1'000'000'000'000}, Unit{"GB", 1'000'000'000}, Unit{"MB", 1'000'000}, Unit{"kB", 1000}, Unit{"KB", 1000},
    Unit{"B", 1},
};
constexpr std::array duration_units = {Unit{"y", 365 * 86'400}, Unit{"w", 604'800}, Unit{"d", 86'400}, Unit{"h", 3600}, Unit{"m", 60}, Unit{"s", 1}};

Error no_size(std::string_view text) {
    return fail(ErrorCode::invalid, "'{}' is no size: that is a whole number and one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB", printable(text))
        .with_advice("\"500MB\" or \"5GiB\"");
}

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name_part(char c) { return is_name_start(c) || (c >= '0' && c <= '9'); }

bool is_variable_name(std::string_view name) {
    if (name.empty() || !is_name_start(name[0])) return false;
    for (const char c : name) {
        if (!is_name_part(c)) return false;
    }
    return true;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

Result<std::string> without_percent_signs(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] != '%') {
            out += text[at];
            continue;
        }
        const int high = at + 2 < text.size() ? hex_digit(text[at + 1]) : -1, low = at + 2 < text.size() ? hex_digit(text[at + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            return fail(ErrorCode::invalid, "a file: URL has a % that no two hexadecimal digits follow").with_advice("write %25 for %, or the path without file:");
        }
        out += static_cast<char>(high * 16 + low);
        at += 2;
    }
    return out;
}

// What stands behind "file:", as https://sqlite.org/uri.html has it; Prisma's are the same, but relative.
Result<std::string> path_of_url(std::string_view rest) {
    rest = rest.substr(0, rest.find_first_of("?#"));
    if (rest.starts_with("//")) {
        rest.remove_prefix(2);
        const auto slash = rest.find('/');
        const auto host = rest.substr(0, slash);
        if (slash == std::string_view::npos || (!host.empty() && host != "localhost")) {
            return fail(ErrorCode::invalid, "a file: URL names a host, which SQLite refuses").with_advice("\"file:./app.db\" or \"file:///srv/app.db\"");
        }
        rest.remove_prefix(slash);
    }
    return without_percent_signs(rest);
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view given) {
    const auto text = trim(given);
    if (text == "0") return 0;
    for (const auto& unit : size_units) {
        if (!text.ends_with(unit.name)) continue;
        const auto digits = trim(text.substr(0, text.size() - unit.name.size()));
        constexpr std::size_t digits_max = 15;
        if (!is_all_digits(digits) || digits.size() > digits_max) return no_size(given);
        std::uint64_t count = 0;
        for (const char c : digits) count = count * 10 + static_cast<std::uint64_t>(c - '0');
        if (count > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.size) {
            return fail(ErrorCode::invalid, "'{}' is more than there can be", printable(given)).with_advice("\"5GiB\"");
        }
        return count * unit.size;
    }
    return no_size(given);
}

std::string size_text(std::uint64_t bytes) {
    if (bytes == 0) return "0";
    for (const auto& unit : size_units) {
        if (bytes % unit.size == 0) return format("{}{}", bytes / unit.size, unit.name);
    }
    return {};  // not reached: the last unit is 1
}

std::string duration_text(std::int64_t seconds) {
    if (seconds <= 0) return "0";
    const auto whole = static_cast<std::uint64_t>(seconds);
    for (const auto& unit : duration_units) {
        if (whole % unit.size == 0) return format("{}{}", whole / unit.size, unit.name);
    }
    return {};  // not reached: the last unit is 1
}

Result<std::string> absolute_path(std::string_view text, const PathBase& base) {
    if (text.empty()) return fail(ErrorCode::invalid, "the path is empty").with_advice("leave the key out, or name a path");
    if (text.find('\0') != std::string_view::npos) return fail(ErrorCode::invalid, "no path can hold a zero byte");
    std::string path(text);
    if (text == "~" || text.starts_with("~/")) {
        if (base.home.empty()) return fail(ErrorCode::invalid, "~ cannot be resolved: no home folder is known").with_advice("set HOME, or write the whole path");
        path = text.size() < 3 ? base.home : host::join_path(base.home, text.substr(2));
    } else if (text.starts_with('~')) {
        return fail(ErrorCode::invalid, "only ~/ is understood, not another user's").with_advice("write the whole path, or ./~name for a file of that name");
    }
    std::string out = path.starts_with('/') ? "" : base.folder == "/" ? "" : base.folder;
    for (const auto& part : split(path, '/')) {
        if (!part.empty() && part != ".") out += "/" + part;
    }
    return out.empty() ? std::string("/") : out;
}

Result<std::string> database_path(std::string_view text, const PathBase& base) {
    constexpr std::string_view scheme = "file:";
    if (text.starts_with(scheme)) {
        const auto path = TRY(path_of_url(text.substr(scheme.size())));
        if (path.empty() || path == ":memory:") return fail(ErrorCode::invalid, "a file: URL names no file").with_advice("\"file:./app.db\"");
        return absolute_path(path, {.folder = base.folder, .home = {}});
    }
    if (const auto end = text.find("://"); end != std::string_view::npos) {
        return fail(ErrorCode::invalid, "a URL that begins with {}: is no SQLite database's", printable(text.substr(0, end)))
            .with_advice("the database's path, or a file: URL");
    }
    if (text == ":memory:") return fail(ErrorCode::invalid, "a database in memory cannot be backed up").with_advice("the path of a database file");
    return absolute_path(text, base);
}

Result<Expanded> expand_variables(std::string_view text) {
    Expanded out;
    for (std::size_t at = 0; at < text.size();) {
        const auto rest = text.substr(at);
        if (rest.starts_with("$${")) {
            out.text += "${";
            at += 3;
        } else if (rest.starts_with("${")) {
            const auto end = rest.find('}');
            const auto inner = rest.substr(2, end == std::string_view::npos ? 0 : end - 2);
            const auto otherwise = inner.find(":-");
            const std::string name(inner.substr(0, otherwise));
            if (!is_variable_name(name)) {
                return fail(ErrorCode::invalid, "what follows ${{ is no name of an environment variable").with_advice("${NAME}, ${NAME:-what else}, or $${ for the two characters themselves");
            }
            auto value = host::environment(name).value_or("");
            if (value.empty() && otherwise != std::string_view::npos) value = inner.substr(otherwise + 2);
            if (value.empty() && otherwise == std::string_view::npos) out.missing.push_back(name);
            out.variables.push_back(name);
            out.text += value;
            at += end + 1;
        } else {
            out.text += text[at++];
        }
    }
    return out;
}

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += format("\\{}", c);
        else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) out += format("\\u{:04X}", static_cast<unsigned char>(c));
        else out += c;
    }
    return out + "\"";
}

std::string toml_key(std::string_view key) {
    bool is_bare = !key.empty();
    for (const char c : key) is_bare = is_bare && (is_name_part(c) || c == '-');
    return is_bare ? std::string(key) : toml_text(key);
}

std::string toml_value(std::uint64_t value, Form form) {
    return form == Form::size ? toml_text(size_text(value)) : format("{}", value);
}

std::string toml_list(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const auto& text : texts) out += (out.size() > 1 ? ", " : "") + toml_text(text);
    return out + "]";
}

}  // namespace holdfast::operations

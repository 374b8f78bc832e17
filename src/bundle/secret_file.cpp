#include "holdfast/bundle/secret_file.h"

#include "holdfast/base/text.h"
#include "holdfast/bundle/letters.h"
#include "holdfast/bundle/secret_signs.h"
#include "holdfast/bundle/value_end.h"

namespace holdfast::bundle {

bool is_secret_file(std::string_view name) {
    constexpr std::array<std::string_view, 16> endings = {"txt", "csv", "tsv", "lst", "dat", "key", "pass", "passwd", "htpasswd", "pgpass", "pw", "pwd", "secret", "secrets", "token", "password"};
    const auto small = in_small_letters(name);
    const auto dot = small.rfind('.');
    const bool has_ending = dot != std::string::npos && dot > 0;
    if (small.starts_with(".env") || (has_ending && !is_among(std::string_view(small).substr(dot + 1), endings))) return false;
    return may_name_secret(name);
}

RedactedText redact_all_lines(std::string_view text) {
    RedactedText result;
    const auto lines = lines_of(text);
    for (std::size_t at = 0; at < lines.size(); ++at) {
        if (at > 0) result.text += '\n';
        const auto value = without_end(lines[at]);
        if (!value.empty() && value != in_its_place) result.removed.push_back({.line = at + 1, .key = {}, .sign = SecretSign::key_name});
        result.text += value.empty() ? "" : in_its_place;
        result.text += lines[at].substr(value.size());
    }
    return result;
}

}  // namespace holdfast::bundle

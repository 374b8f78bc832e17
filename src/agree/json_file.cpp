#include "holdfast/agree/json_file.h"

#include <charconv>

#include "holdfast/base/text.h"

namespace holdfast::agree {

namespace {

Error with_code_corrupt(Error error) { return std::move(error).with_code(ErrorCode::corrupt); }

bool is_lines(const std::string& path) { return path.ends_with(".jsonl") || path.ends_with(".ndjson"); }

Result<std::string> read_text(host::FileSystem& files, const std::string& path, const LookBounds& bounds) {
    const auto status = TRY(files.status(path));
    if (status.size > bounds.text_max) return fail(ErrorCode::unavailable, "it has {}, and JSON of at most {} is read", human_bytes(status.size), human_bytes(bounds.text_max));
    const auto bytes = TRY(host::read_file(files, path, bounds.text_max));
    return std::string(text_of(bytes));
}

Result<Json> parse_lines(std::string_view text, const LookBounds& bounds) {
    Json lines = Json::array();
    std::uint64_t number = 0;
    while (!text.empty()) {
        TRY(bounds.go_on());
        const auto end = std::min(text.find('\n'), text.size());
        const auto line = trim(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.empty()) continue;
        auto value = Json::parse(line);
        if (!value) return with_code_corrupt(std::move(value).error()).while_doing(format("line {}", number));
        lines.push(*std::move(value));
    }
    return lines;
}

// "~1" stands for a slash, "~0" for a tilde.
std::string unescaped(std::string_view step) {
    std::string plain;
    for (std::size_t i = 0; i < step.size(); ++i) {
        const bool is_escape = step[i] == '~' && i + 1 < step.size() && (step[i + 1] == '0' || step[i + 1] == '1');
        plain += is_escape ? (step[++i] == '0' ? '~' : '/') : step[i];
    }
    return plain;
}

const Json* item_of(const Json& json, const std::string& step) {
    const auto* list = json.as_array();
    if (list == nullptr) return json.find(step);
    std::size_t at = 0;
    const auto read = std::from_chars(step.data(), step.data() + step.size(), at);
    const bool is_place = read.ec == std::errc() && read.ptr == step.data() + step.size() && at < list->size();
    return is_place ? &(*list)[at] : nullptr;
}

}  // namespace

Result<Json> read_json(host::FileSystem& files, const std::string& path, const LookBounds& bounds) {
    const auto text = TRY(read_text(files, path, bounds));
    if (is_lines(path)) return parse_lines(text, bounds);
    auto json = Json::parse(text);
    if (!json) return with_code_corrupt(std::move(json).error());
    return json;
}

const Json* find_pointer(const Json& json, std::string_view pointer) {
    const Json* at = &json;
    while (at != nullptr && !pointer.empty()) {
        if (pointer.front() != '/') return nullptr;
        const auto end = std::min(pointer.find('/', 1), pointer.size());
        at = item_of(*at, unescaped(pointer.substr(1, end - 1)));
        pointer.remove_prefix(end);
    }
    return at;
}

Result<Look> look_at_json(host::FileSystem& files, const std::string& path, const std::string& ids, const LookBounds& bounds) {
    const auto json = TRY(read_json(files, path, bounds));
    Look look;
    look.type = is_lines(path) ? "json lines" : "json";
    if (const auto* list = json.as_array()) look.count = list->size();
    if (ids.empty()) return look;
    const auto* found = find_pointer(json, ids);
    const auto* list = found == nullptr ? nullptr : found->as_array();
    if (list == nullptr) return fail(ErrorCode::corrupt, "it has no list of ids at {}", printable(ids));
    if (list->size() > bounds.ids_max) return fail(ErrorCode::unavailable, "it holds {} ids, and at most {} are compared", list->size(), bounds.ids_max);
    auto& into = look.ids.emplace();
    for (const auto& item : *list) {
        const auto id = item.as_integer();
        if (!id) return fail(ErrorCode::corrupt, "one of the ids at {} is no whole number", printable(ids));
        into.push_back(*id);
    }
    look.count = into.size();
    return look;
}

}  // namespace holdfast::agree

#include "holdfast/base/json.h"

#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "holdfast/base/text.h"

namespace holdfast {
namespace {

using Library = nlohmann::ordered_json;
constexpr std::size_t depth_max = 64;

// The library's message without its own names, its count of lines, and the text it read, which may be a secret.
std::string plain_reason(std::string_view message) {
    if (message.starts_with('[')) message.remove_prefix(std::min(message.size(), message.find("] ") + 2));
    if (message.starts_with("parse error at")) message.remove_prefix(std::min(message.size(), message.find(": ") + 2));
    message = message.substr(0, message.find("; last read"));
    return std::string(message.substr(0, message.find(" parsing '")));
}

// Where the bracket stands that goes below depth_max; everything before it is well formed.
std::size_t find_too_deep(std::string_view text) {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') in_string = !in_string;
        else if (in_string && c == '\\') ++i;
        else if (in_string) continue;
        else if (c == ']' || c == '}') --depth;
        else if ((c == '[' || c == '{') && ++depth > depth_max) return i;
    }
    return text.size();
}

// Builds a Json as the library's parser meets its parts; the stack holds the open arrays and objects.
class Builder : public nlohmann::json_sax<Library> {
public:
    bool null() override { return add(Json()); }
    bool boolean(bool value) override { return add(Json(value)); }
    bool number_integer(number_integer_t value) override { return add(Json(value)); }
    bool number_unsigned(number_unsigned_t value) override { return add(Json(value)); }
    bool number_float(number_float_t value, const string_t&) override { return add(Json(value)); }
    bool string(string_t& value) override { return add(Json(std::move(value))); }
    bool binary(binary_t&) override { return false; }
    bool start_object(std::size_t) override { return open({.is_object = true}); }
    bool start_array(std::size_t) override { return open({.is_object = false}); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t& name) override {
        stack_.back().key = std::move(name);
        return true;
    }
    // `position` counts the characters read, the wrong one included.
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) override {
        wrong_at_ = position == 0 ? 0 : position - 1;
        why_ = plain_reason(error.what());
        return false;
    }

    Json take() { return std::move(result_); }
    std::size_t wrong_at() const { return wrong_at_; }
    const std::string& why() const { return why_; }  // empty: nested too deeply

private:
    struct Level {
        bool is_object = false;
        std::string key = {};
        Json::Array items = {};
        Json::Object members = {};
        std::map<std::string, std::size_t> places = {};  // of the members: a search for each key would make long objects slow
    };
    bool add(Json value) {
        if (stack_.empty()) {
            result_ = std::move(value);
            return true;
        }
        Level& level = stack_.back();
        if (!level.is_object) {
            level.items.push_back(std::move(value));
            return true;
        }
        const auto [place, is_new] = level.places.try_emplace(level.key, level.members.size());
        if (is_new) level.members.emplace_back(std::move(level.key), std::move(value));
        else level.members[place->second].second = std::move(value);
        return true;
    }
    bool open(Level level) {
        if (stack_.size() == depth_max) return false;
        stack_.push_back(std::move(level));
        return true;
    }
    bool close() {
        Level level = std::move(stack_.back());
        stack_.pop_back();
        return add(level.is_object ? Json(std::move(level.members)) : Json(std::move(level.items)));
    }
    std::vector<Level> stack_;
    Json result_;
    std::size_t wrong_at_ = 0;
    std::string why_;
};

}  // namespace

Result<std::int64_t> Json::as_integer() const {
    if (const auto* value = std::get_if<std::int64_t>(&value_)) return *value;
    if (const auto* value = std::get_if<std::uint64_t>(&value_))
        if (*value <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return static_cast<std::int64_t>(*value);
    return fail(ErrorCode::invalid, "read JSON: a whole number is wanted");
}

Result<double> Json::as_number() const {
    if (const auto* value = std::get_if<double>(&value_)) return *value;
    if (const auto* value = std::get_if<std::int64_t>(&value_)) return static_cast<double>(*value);
    if (const auto* value = std::get_if<std::uint64_t>(&value_)) return static_cast<double>(*value);
    return fail(ErrorCode::invalid, "read JSON: a number is wanted");
}

Json& Json::set(std::string key, Json value) {
    if (is_null()) value_ = Object{};
    auto* object = std::get_if<Object>(&value_);
    HOLDFAST_ASSERT(object != nullptr);
    for (auto& [name, old] : *object) {
        if (name != key) continue;
        old = std::move(value);
        return *this;
    }
    object->emplace_back(std::move(key), std::move(value));
    return *this;
}

Json& Json::push(Json value) {
    if (is_null()) value_ = Array{};
    auto* array = std::get_if<Array>(&value_);
    HOLDFAST_ASSERT(array != nullptr);
    array->push_back(std::move(value));
    return *this;
}

const Json* Json::find(std::string_view key) const {
    if (const auto* object = as_object())
        for (const auto& [name, value] : *object)
            if (name == key) return &value;
    return nullptr;
}

namespace {

// Text as the library writes it: quoted, escaped, invalid UTF-8 replaced.
void write_text(std::string& out, const std::string& text) {
    out += Library(text).dump(-1, ' ', false, Library::error_handler_t::replace);
}

}  // namespace

std::string Json::to_text(int indent) const {
    struct Writer {
        std::string out;
        int indent;
        void line(int depth) {
            if (indent >= 0) out += "\n" + std::string(static_cast<std::size_t>(indent * depth), ' ');
        }
        void write(const Json& json, int depth) {
            if (const auto* array = json.as_array()) {
                out += '[';
                for (const auto& value : *array) {
                    if (&value != &array->front()) out += ',';
                    line(depth + 1);
                    write(value, depth + 1);
                }
                if (!array->empty()) line(depth);
                out += ']';
            } else if (const auto* object = json.as_object()) {
                out += '{';
                for (const auto& member : *object) {
                    if (&member != &object->front()) out += ',';
                    line(depth + 1);
                    write_text(out, member.first);
                    out += indent >= 0 ? ": " : ":";
                    write(member.second, depth + 1);
                }
                if (!object->empty()) line(depth);
                out += '}';
            } else if (const auto* text = json.as_text()) {
                write_text(out, *text);
            } else if (const auto* flag = json.as_bool()) {
                out += *flag ? "true" : "false";
            } else if (const auto* integer = std::get_if<std::int64_t>(&json.value_)) {
                out += format("{}", *integer);
            } else if (const auto* number = std::get_if<std::uint64_t>(&json.value_)) {
                out += format("{}", *number);
            } else if (const auto* real = std::get_if<double>(&json.value_)) {
                out += Library(*real).dump();
            } else {
                out += "null";
            }
        }
    };
    Writer writer{.out = {}, .indent = indent};
    writer.write(*this, 0);
    return std::move(writer.out);
}

Result<Json> Json::parse(std::string_view text) {
    Builder builder;
    const std::size_t zero = text.find('\0');  // nowhere in JSON, and the library would take it for the end
    if (zero == std::string_view::npos && Library::sax_parse(text, &builder)) return builder.take();
    std::size_t wrong_at = builder.wrong_at();
    std::string why = printable(builder.why());
    if (zero != std::string_view::npos) {
        wrong_at = zero;
        why = "a zero byte";
    } else if (why.empty()) {
        wrong_at = find_too_deep(text);
        why = "nested too deeply";
    }
    const std::string_view before = text.substr(0, wrong_at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t column = before.size() - (before.rfind('\n') + 1) + 1;  // npos + 1 is 0: the first line
    return fail(ErrorCode::invalid, "read JSON: line {}, column {}: {}", line, column, why);
}

}  // namespace holdfast

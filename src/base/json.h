// JSON values, ordered as written. The parser and writer (nlohmann) stay inside json.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast {

class Json {
public:
    using Array = std::vector<Json>;
    using Object = std::vector<std::pair<std::string, Json>>;  // keys keep their order

    Json() = default;  // null
    Json(bool value) : value_(value) {}                      // NOLINT: implicit on purpose, as all below
    Json(double value) : value_(value) {}
    Json(std::string value) : value_(std::move(value)) {}
    Json(std::string_view value) : value_(std::string(value)) {}
    Json(const char* value) : value_(std::string(value)) {}
    Json(Array value) : value_(std::move(value)) {}
    Json(Object value) : value_(std::move(value)) {}
    template <std::integral Integer>
        requires(!std::same_as<Integer, bool>)
    Json(Integer value) {
        if constexpr (std::is_signed_v<Integer>) value_ = std::int64_t{value};
        else value_ = std::uint64_t{value};
    }
    static Json array() { return Json(Array{}); }
    static Json object() { return Json(Object{}); }

    bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
    const bool* as_bool() const { return std::get_if<bool>(&value_); }
    const std::string* as_text() const { return std::get_if<std::string>(&value_); }
    const Array* as_array() const { return std::get_if<Array>(&value_); }
    const Object* as_object() const { return std::get_if<Object>(&value_); }
    Result<std::int64_t> as_integer() const;
    Result<double> as_number() const;

    Json& set(std::string key, Json value);   // of an object (null becomes one): replaces or appends
    Json& push(Json value);                   // of an array (null becomes one)
    const Json* find(std::string_view key) const;

    std::string to_text(int indent = -1) const;  // invalid UTF-8 is replaced by U+FFFD; -1 = one line
    static Result<Json> parse(std::string_view text);  // invalid with line and column; depth at most 64

private:
    std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array, Object> value_;
};

}  // namespace holdfast

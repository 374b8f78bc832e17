// Operations described once: every request and report names its fields, defaults and sentences here, and the command
// line, help, JSON and later HTTP, MCP and the reference pages are made from that.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/json.h"
#include "holdfast/base/text.h"
#include "holdfast/base/time.h"

namespace holdfast::operations {

// One field of a request. `name` is the long flag ("password-file") and, with '_' for '-', the JSON key.
struct FieldText {
    std::string_view name;
    std::string_view sentence;
    std::string_view value = "";      // what stands for the value in help: "FILE", "N"
    char letter = 0;                  // short flag
    bool positional = false;
    bool required = false;
    bool rest = false;                // of a list: everything behind "--", as it stands; positional
};
struct Example {
    std::string_view command;
    std::string_view sentence;
};
struct OperationText {
    std::string_view name;            // the verb
    std::string_view sentence;        // one line
    std::string_view details = "";    // a paragraph or two
    std::vector<Example> examples;
};

// A request has `static OperationText operation()` and `template <class Visitor> void describe(Visitor&)`, which calls
// visitor(field, FieldText) for each field. Field types: bool, std::string, std::int64_t, std::uint64_t, double,
// std::optional of those, std::vector<std::string>.
//
// A report has `template <class Visitor> void describe(Visitor&) const`, which calls visitor("name", value, "sentence").
// Value types: bool, integers, double, std::string, Timestamp, Bytes-free structs that are reports themselves,
// std::optional and std::vector of all these.

template <typename T>
concept Report = requires(const T& report, struct ProbeVisitor& probe) { report.describe(probe); };
struct ProbeVisitor {
    void operator()(std::string_view, const auto&, std::string_view) {}
};

inline Json json_of(bool value) { return Json(value); }
inline Json json_of(double value) { return Json(value); }
inline Json json_of(const std::string& value) { return Json(value); }
inline Json json_of(Timestamp value) { return value == Timestamp{} ? Json() : Json(to_rfc3339(value)); }  // null: not known
template <std::integral Integer>
    requires(!std::same_as<Integer, bool>)
Json json_of(Integer value) { return Json(value); }
template <Report R>
Json json_of(const R& report);
template <typename T>
Json json_of(const std::vector<T>& values) {
    Json array = Json::array();
    for (const auto& value : values) array.push(json_of(value));
    return array;
}
template <typename T>
Json json_of(const std::optional<T>& value) { return value ? json_of(*value) : Json(); }

struct JsonVisitor {
    Json object = Json::object();
    template <typename T>
    void operator()(std::string_view name, const T& value, std::string_view) {
        object.set(std::string(name), json_of(value));
    }
};
template <Report R>
Json json_of(const R& report) {
    JsonVisitor visitor;
    report.describe(visitor);
    return std::move(visitor.object);
}

}  // namespace holdfast::operations

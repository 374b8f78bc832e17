// Fields: a request's described fields, bound to the places that flags fill.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "holdfast/operations/describe.h"

namespace holdfast::cli {

struct BoundField {
    operations::FieldText text;
    std::variant<bool*, std::string*, std::int64_t*, std::uint64_t*, double*, std::vector<std::string>*> target;
    std::string otherwise;  // the default, as text; "" when there is none worth showing
};

// The visitor that describe() calls.
class FieldCollector {
public:
    void operator()(bool& value, const operations::FieldText& text) { fields.push_back({text, &value, ""}); }
    void operator()(std::string& value, const operations::FieldText& text) { fields.push_back({text, &value, value}); }
    void operator()(std::vector<std::string>& value, const operations::FieldText& text) { fields.push_back({text, &value, ""}); }
    template <typename Number>
        requires std::is_arithmetic_v<Number>
    void operator()(Number& value, const operations::FieldText& text) {
        fields.push_back({text, &value, value == Number{} ? "" : format("{}", value)});
    }
    std::vector<BoundField> fields;
};

template <typename Request>
std::vector<BoundField> fields_of(Request& request) {
    FieldCollector collector;
    request.describe(collector);
    return std::move(collector.fields);
}

}  // namespace holdfast::cli

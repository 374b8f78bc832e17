#include "holdfast/operations/sql_rows.h"

#include <cmath>

#include "holdfast/base/text.h"
#include "holdfast/base/utf8.h"

namespace holdfast::operations {

namespace {

// As short as it can be and still be the same number; always with a point or an exponent.
std::string text_of_real(double value) {
    if (std::isinf(value)) return value > 0 ? "Inf" : "-Inf";
    std::string text = format("{}", value);
    if (text.find_first_of(".en") == std::string::npos) text += ".0";
    return text;
}

}  // namespace

Json json_of(const Cell& cell) {
    if (const auto* integer = std::get_if<std::int64_t>(&cell.value)) return Json(*integer);
    if (const auto* real = std::get_if<double>(&cell.value)) return std::isfinite(*real) ? Json(*real) : Json(text_of_real(*real));
    if (const auto* text = std::get_if<std::string>(&cell.value)) return is_utf8(*text) ? Json(*text) : Json::object().set("text_hex", to_hex(bytes_of(*text)));
    if (const auto* blob = std::get_if<Bytes>(&cell.value)) return Json::object().set("hex", to_hex(*blob));
    return {};
}

std::string text_of_cell(const Cell& cell) {
    if (const auto* integer = std::get_if<std::int64_t>(&cell.value)) return std::to_string(*integer);
    if (const auto* real = std::get_if<double>(&cell.value)) return text_of_real(*real);
    if (const auto* text = std::get_if<std::string>(&cell.value)) return printable(*text);
    if (const auto* blob = std::get_if<Bytes>(&cell.value)) return format("x'{}'", to_hex(*blob));
    return "NULL";
}

}  // namespace holdfast::operations

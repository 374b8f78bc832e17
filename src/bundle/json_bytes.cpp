#include "holdfast/bundle/json_bytes.h"

#include "holdfast/base/bytes.h"
#include "holdfast/base/utf8.h"

namespace holdfast::bundle {

void set_bytes(Json& object, const std::string& key, const std::string& bytes) {
    if (is_utf8(bytes)) object.set(key, bytes);
    else object.set(key + "_hex", to_hex(bytes_of(bytes)));
}

std::optional<std::string> bytes_at(const Json& object, const std::string& key) {
    if (const Json* const value = object.find(key)) return value->as_text() != nullptr ? std::optional(*value->as_text()) : std::nullopt;
    const Json* const hex = object.find(key + "_hex");
    if (hex == nullptr || hex->as_text() == nullptr) return std::nullopt;
    const auto bytes = from_hex(*hex->as_text());
    if (!bytes) return std::nullopt;
    return std::string(text_of(*bytes));
}

}  // namespace holdfast::bundle

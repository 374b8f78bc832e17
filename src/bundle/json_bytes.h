// Names and paths in JSON: bytes that may be no UTF-8 stand in hexadecimal digits under the key with "_hex" behind.
#pragma once

#include <optional>
#include <string>

#include "holdfast/base/json.h"

namespace holdfast::bundle {

void set_bytes(Json& object, const std::string& key, const std::string& bytes);
std::optional<std::string> bytes_at(const Json& object, const std::string& key);  // none: neither key has a possible text

}  // namespace holdfast::bundle

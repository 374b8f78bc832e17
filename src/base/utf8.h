// Whether bytes are text in UTF-8.
#pragma once

#include <string_view>

namespace holdfast {

bool is_utf8(std::string_view text);  // shortest forms only, no surrogates

}  // namespace holdfast

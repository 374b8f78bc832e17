// Text: formatting (fmt), and the small string functions everybody needs. Units: bytes are powers of 1024.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/base/error.h"

namespace holdfast {

using fmt::format;

// fail(ErrorCode::full, "write {}: no room", path) makes the Error; the message follows the rules in error.h.
template <typename... Arguments>
Error fail(ErrorCode code, fmt::format_string<Arguments...> pattern, Arguments&&... arguments) {
    return Error(code, fmt::format(pattern, std::forward<Arguments>(arguments)...));
}

std::string human_bytes(std::uint64_t bytes);        // "999 B", "1.5 KiB", "369 MiB"
std::string human_duration_ms(double milliseconds);  // "0.8 ms", "123 ms", "1.52 s", "3 min 20 s"
std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
bool is_all_digits(std::string_view text);  // false for ""
// A path or name as it may be shown on a terminal: control characters and invalid UTF-8 become \xNN.
std::string printable(std::string_view text);

}  // namespace holdfast

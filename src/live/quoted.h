// quoted(): a name as SQL writes it, whatever it holds.
#pragma once

#include <string>
#include <string_view>

namespace holdfast::live {

inline std::string quoted(std::string_view name) {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + "\"";
}

}  // namespace holdfast::live

// Value: what a dump says that a column holds.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "holdfast/base/bytes.h"

namespace holdfast::dump {

// The bytes of a text that were cast, in the encoding that the dump says: they need not be valid there. Of a dump in UTF-8
// such a text is a std::string as all are.
struct CastText {
    std::string bytes;
    bool operator==(const CastText&) const = default;
};
// null, integer, real, text in UTF-8 (it may hold NUL, and be invalid), blob.
using Value = std::variant<std::monostate, std::int64_t, double, std::string, Bytes, CastText>;

}  // namespace holdfast::dump

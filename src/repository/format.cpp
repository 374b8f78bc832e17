#include "holdfast/repository/format.h"

#include <array>

#include "holdfast/base/text.h"

namespace holdfast::repository {

// 0xD1 was draft 1, of before the first release; nothing else has been given out.
std::string name_of_format(std::uint8_t byte) {
    if (byte >> 4 == 0xD) return format("draft {}", byte & 0xF);
    if (byte >= 1 && byte < 0x80) return format("version {}", byte);
    return "unknown";
}

Result<void> check_format(std::uint8_t byte) {
    if (byte == format_version) return {};
    return fail(ErrorCode::too_new, "this repository was written in format 0x{:02X} ({}); this program reads {}", byte,
                name_of_format(byte), name_of_format(format_version))
        .with_advice("use the version of holdfast that wrote it");
}

std::string name_of(ObjectType type) {
    constexpr std::array<std::string_view, 11> names{"nothing", "config", "key slot",  "dictionary", "session", "snapshot",
                                                     "note",    "gap",    "condemned", "mark",       "lease"};
    const auto at = static_cast<std::size_t>(type);
    return at < names.size() ? std::string(names[at]) : format("object of type {}", at);
}

}  // namespace holdfast::repository

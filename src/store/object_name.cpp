#include <algorithm>
#include <array>

#include "holdfast/base/text.h"
#include "holdfast/store/object_store.h"

namespace holdfast::store {
namespace {

// A table: every backup checks the names of all snapshots.
constexpr auto allowed = [] {
    std::array<bool, 256> table{};
    for (const char letter : std::string_view("abcdefghijklmnopqrstuvwxyz0123456789._-")) table[static_cast<unsigned char>(letter)] = true;
    return table;
}();
bool is_allowed(char letter) { return allowed[static_cast<unsigned char>(letter)]; }

bool is_part(std::string_view part) {
    return !part.empty() && part.front() != '.' && std::ranges::all_of(part, is_allowed);
}

bool is_name(std::string_view text) {
    constexpr std::size_t size_max = 255;
    if (text.size() > size_max || text == "tmp" || text.starts_with("tmp/")) return false;
    for (;;) {
        const auto end = text.find('/');
        if (!is_part(text.substr(0, end))) return false;
        if (end == std::string_view::npos) return true;
        text.remove_prefix(end + 1);
    }
}

}  // namespace

Result<ObjectName> ObjectName::parse(std::string_view text) {
    if (!is_name(text)) {
        return fail(ErrorCode::invalid, "not a name for an object: '{}'", printable(text.substr(0, 300)));
    }
    ObjectName name;
    name.text_ = text;
    return name;
}

ObjectName::ObjectName(const char* trusted) : text_(trusted) { HOLDFAST_ASSERT(is_name(text_)); }

}  // namespace holdfast::store

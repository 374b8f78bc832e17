#include "holdfast/sqlite/page.h"

#include <sqlite3.h>

#include <bit>

#include "holdfast/base/text.h"

namespace holdfast::sqlite {
namespace {

constexpr std::uint32_t smallest_page = 512;
constexpr std::uint32_t largest_page = 65536;
constexpr std::uint32_t lock_bytes_offset = 0x40000000;

// SQLite gives the offset in force; one built without its test interface always uses the ordinary one.
std::uint32_t current_lock_bytes_offset() {
    const int offset = sqlite3_test_control(SQLITE_TESTCTRL_PENDING_BYTE, 0u);
    return offset > 0 ? static_cast<std::uint32_t>(offset) : lock_bytes_offset;
}

}  // namespace

Result<PageSize> PageSize::from_bytes(std::uint32_t bytes) {
    if (bytes < smallest_page || bytes > largest_page || !std::has_single_bit(bytes)) {
        return fail(ErrorCode::corrupt, "{} is not a page size: it must be a power of two from 512 to 65536", bytes);
    }
    return PageSize(bytes);
}

Result<PageSize> PageSize::from_stored(std::uint32_t stored) {
    if (stored >= largest_page) return fail(ErrorCode::corrupt, "{} cannot be a stored page size", stored);
    return from_bytes(stored == 1 ? largest_page : stored);
}

PageNumber lock_page(PageSize size) { return PageNumber{current_lock_bytes_offset() / size.bytes() + 1}; }

}  // namespace holdfast::sqlite

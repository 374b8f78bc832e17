// Pages: their size, numbers (from 1) and ranges, and the one page that SQLite never uses.
#pragma once

#include <compare>
#include <cstdint>

#include "holdfast/base/error.h"

namespace holdfast::sqlite {

class PageSize {
public:
    // 512…65536, a power of two; fails `corrupt` otherwise. `stored` is the header's field, where 1 means 65536.
    static Result<PageSize> from_bytes(std::uint32_t bytes);
    static Result<PageSize> from_stored(std::uint32_t stored);
    std::uint32_t bytes() const { return bytes_; }
    auto operator<=>(const PageSize&) const = default;

private:
    explicit PageSize(std::uint32_t bytes) : bytes_(bytes) {}
    std::uint32_t bytes_;
};

struct PageNumber {
    std::uint32_t value = 0;  // from 1; 0 is "none"
    auto operator<=>(const PageNumber&) const = default;
};

struct PageRange {
    PageNumber first{1};
    std::uint32_t count = 0;
};

inline std::uint64_t offset_of(PageNumber page, PageSize size) {
    return std::uint64_t{page.value - 1} * size.bytes();
}

// The page that holds SQLite's lock bytes (at 1 GiB): never written, never in a WAL, counts as zeros everywhere.
// Follows SQLITE_TESTCTRL_PENDING_BYTE when a test has moved it.
PageNumber lock_page(PageSize size);

}  // namespace holdfast::sqlite

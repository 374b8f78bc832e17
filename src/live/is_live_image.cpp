#include "holdfast/live/is_live_image.h"

#include <algorithm>

#include "holdfast/live/database_files.h"
#include "holdfast/sqlite/database_header.h"

namespace holdfast::live {
namespace {

constexpr std::uint64_t piece_bytes = 1024 * 1024;  // a whole number of pages of every size

Result<bool> is_same(const sqlite::Image& live, const sqlite::Image& kept, const Watch& watch) {
    if (live.size() == 0 || kept.size() == 0) return live.size() == kept.size();
    if (live.page_size() != kept.page_size()) return false;
    const std::uint64_t pages = TRY(counted_pages(live)).value, page_bytes = live.page_size().bytes();
    if (TRY(counted_pages(kept)).value != pages) return false;
    Buffer one(piece_bytes), other(piece_bytes);
    const std::uint64_t step = piece_bytes / page_bytes;
    for (std::uint64_t first = 0; first < pages; first += step) {
        const std::uint64_t count = std::min(step, pages - first);
        const sqlite::PageRange range{sqlite::PageNumber{static_cast<std::uint32_t>(first + 1)}, static_cast<std::uint32_t>(count)};
        const auto now = one.span().first(count * page_bytes), then = other.span().first(count * page_bytes);
        TRY(live.read(range, now));
        TRY(kept.read(range, then));
        if (first == 0) {
            sqlite::mask_header_of_live_restore(now.first(page_bytes));
            sqlite::mask_header_of_live_restore(then.first(page_bytes));
        }
        if (!std::ranges::equal(now, then)) return false;
        watch.at({.phase = "comparing", .done = (first + count) * page_bytes, .total = live.size()});
        TRY(watch.go_on());
    }
    return true;
}

}  // namespace

Result<bool> is_live_image(host::Host host, const std::string& path, const sqlite::Image& image, const FreezeOptions& options, const Watch& watch) {
    bool same = false;
    TRY(with_frozen(host, path, options, {.first_look = {}, .use = [&](const sqlite::Image& live, const FreezeFacts&) -> Result<void> {
                                              same = TRY(is_same(live, image, watch));
                                              return {};
                                          }}));
    return same;
}

}  // namespace holdfast::live

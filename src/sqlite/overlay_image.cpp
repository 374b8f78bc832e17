#include "holdfast/sqlite/overlay_image.h"

namespace holdfast::sqlite {

// Runs of pages of the lower file are read in one go.
Result<void> OverlayImage::read(PageRange range, std::span<std::byte> into) const {
    TRY(expect_readable(*this, range, into));
    const std::size_t page_bytes = shape_.page_size.bytes();
    const auto page_at = [&](std::uint32_t i) { return PageNumber{range.first.value + i}; };
    std::uint32_t done = 0;
    for (std::uint32_t i = 0; i < range.count; ++i) {
        const auto offset = offset_above(page_at(i));
        if (!offset) continue;
        TRY(read_below({page_at(done), i - done}, into.subspan(done * page_bytes)));
        TRY(files_.above.read(*offset, into.subspan(i * page_bytes, page_bytes)));
        done = i + 1;
    }
    TRY(read_below({page_at(done), range.count - done}, into.subspan(done * page_bytes)));
    blank_lock_page(shape_.page_size, range, into);
    return {};
}

Result<void> OverlayImage::read_below(PageRange range, std::span<std::byte> into) const {
    if (range.count == 0) return {};
    return files_.below.read(offset_of(range.first, shape_.page_size),
                             into.first(std::size_t{range.count} * shape_.page_size.bytes()));
}

}  // namespace holdfast::sqlite

#include "holdfast/history/image_source.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::history {

Result<void> ImageSource::read(std::uint64_t offset, MutableByteView into) const {
    if (offset > size() || into.size() > size() - offset) {
        return fail(ErrorCode::invalid, "read {} bytes of an image at {}: it has {}", into.size(), offset, size());
    }
    if (into.empty()) return {};
    const std::uint32_t page = image_.page_size().bytes();
    const bool is_whole = offset % page == 0 && into.size() % page == 0;
    auto done = is_whole ? read_pages(offset, into) : read_within_pages(offset, into);
    if (!done) has_failed_ = true;
    return done;
}

Result<void> ImageSource::read_pages(std::uint64_t offset, MutableByteView into) const {
    const std::uint32_t page = image_.page_size().bytes();
    const sqlite::PageRange range{.first = {static_cast<std::uint32_t>(offset / page) + 1},
                                  .count = static_cast<std::uint32_t>(into.size() / page)};
    return image_.read(range, into);
}

// Samples need not begin at a page: the pages around them are read.
Result<void> ImageSource::read_within_pages(std::uint64_t offset, MutableByteView into) const {
    const std::uint32_t page = image_.page_size().bytes();
    const std::uint64_t first = offset / page * page;
    const std::uint64_t end = (offset + into.size() + page - 1) / page * page;
    Buffer around(end - first);
    TRY(read_pages(first, around.span()));
    std::ranges::copy(around.view().subspan(offset - first, into.size()), into.begin());
    return {};
}

}  // namespace holdfast::history

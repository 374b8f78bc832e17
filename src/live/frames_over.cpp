#include "holdfast/live/frames_over.h"

#include <algorithm>

#include "holdfast/base/text.h"

namespace holdfast::live {
namespace {

class FramesOver final : public sqlite::Image {
public:
    FramesOver(const sqlite::Image& below, const sqlite::RawFile& wal, sqlite::WalMap map)
        : below_(below), wal_(wal), map_(std::move(map)) {}
    sqlite::PageSize page_size() const override { return map_.header.page_size; }
    sqlite::PageNumber last_page() const override { return map_.database_pages; }
    Result<void> read(sqlite::PageRange range, std::span<std::byte> into) const override {
        TRY(sqlite::expect_readable(*this, range, into));
        const std::size_t page_bytes = page_size().bytes();
        for (std::uint32_t i = 0; i < range.count; ++i) {
            TRY(read_page(sqlite::PageNumber{range.first.value + i}, into.subspan(i * page_bytes, page_bytes)));
        }
        sqlite::blank_lock_page(page_size(), range, into);
        return {};
    }

private:
    Result<void> read_page(sqlite::PageNumber page, std::span<std::byte> into) const {
        const auto frame = map_.frame_of.find(page.value);
        if (frame != map_.frame_of.end()) {
            return wal_.read(sqlite::offset_of(frame->second, page_size()) + sqlite::wal_frame_header_size, into);
        }
        if (page <= below_.last_page()) return below_.read({page, 1}, into);
        std::ranges::fill(into, std::byte{0});  // allocated, never written
        return {};
    }

    const sqlite::Image& below_;
    const sqlite::RawFile& wal_;
    sqlite::WalMap map_;
};

}  // namespace

Result<std::unique_ptr<sqlite::Image>> frames_over(const sqlite::Image& below, const sqlite::RawFile& wal,
                                                   sqlite::WalMap map) {
    if (below.page_size() != map.header.page_size) {
        return fail(ErrorCode::corrupt, "the database has pages of {} bytes, the -wal beside it of {}",
                    below.page_size().bytes(), map.header.page_size.bytes());
    }
    return std::unique_ptr<sqlite::Image>(std::make_unique<FramesOver>(below, wal, std::move(map)));
}

}  // namespace holdfast::live
